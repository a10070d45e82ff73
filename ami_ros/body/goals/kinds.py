# SPDX-License-Identifier: Apache-2.0
"""All kinds of goal, and the topics on which a robot takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ami_ros.body.goals.image import ImageGoal
from ami_ros.body.goals.kind import GoalKind
from ami_ros.body.goals.name import NameGoal
from ami_ros.body.goals.pose import PoseGoal
from ami_ros.body.goals.profile import ProfileGoal
from ami_ros.body.goals.vector import VectorGoal
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import Sensor

# The first kind takes a subject that several have: a sensor called `pose` is no pose of the tip.
KINDS: list[GoalKind] = [
    ImageGoal(),
    VectorGoal(),
    PoseGoal(),
    NameGoal(),
    ProfileGoal(),
]


@dataclass(frozen=True, eq=False)
class GoalTopic:
    """A topic that takes goals.

    Attributes:
        name: such as ``~/goal_image``.
        kind: of the goals.
        subject: a sensor, or what else the goals are about: see `GoalKind.topics`.
        sensor: the sensor of that name; None if the kind has a message of its own.
    """

    name: str
    kind: GoalKind
    subject: str
    sensor: Sensor | None


def goal_topics(spec: RobotSpec, node: str = "~", with_memory: bool = False) -> dict[str, GoalTopic]:
    """Return the topics of goals by subject.

    Args:
        spec: the robot.
        node: that takes the goals; ``~`` for itself.
        with_memory: whether it has a memory.
    """
    found: dict[str, GoalTopic] = {}
    for kind in KINDS:
        for subject, name in kind.topics(spec).items():
            sensor = None if kind.message else spec.sensors[subject]
            if with_memory or not kind.by_memory:
                found.setdefault(subject, GoalTopic(f"{node}/goal_{name}", kind, subject, sensor))
    return found


def goal_remappings(spec: RobotSpec, source: str, renamed: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return (name in the code, wanted name) of goal topics, so that a planner takes another node's goals.

    Args:
        spec: the robot.
        source: name of the node that publishes goals on topics of the same names, such as the simulator.
        renamed: names in the code that are renamed already.
    """
    names, kept = [topic.name.removeprefix("~/") for topic in goal_topics(spec).values()], set(renamed)
    return [(f"planner/{n}", f"{source}/{n}") for n in names if f"planner/{n}" not in kept]
