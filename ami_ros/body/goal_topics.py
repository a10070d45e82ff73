# SPDX-License-Identifier: Apache-2.0
"""Where goals are sent: one topic for each sensor and one for an arm's tip, below the node's name."""

from __future__ import annotations

from collections.abc import Iterable

from ami_ros.body.robot_spec import RobotSpec

TIP_POSE = "pose"


def takes_tip_pose(spec: RobotSpec) -> bool:
    """Return whether ``~/goal_pose`` is a pose of the tip: of an arm, unless a sensor has that name."""
    return bool(spec.arms) and TIP_POSE not in spec.sensors


def goal_topics(spec: RobotSpec, node: str = "~") -> dict[str, str]:
    """Return target of a goal (a sensor's name or `TIP_POSE`) -> topic.

    It is ``~/goal_image`` of the first camera, else ``~/goal_<name>``.

    Args:
        spec: the robot.
        node: that takes the goals; ``~`` for itself.
    """
    first = spec.camera.name if spec.images else ""
    names = [*spec.sensors, *([TIP_POSE] if takes_tip_pose(spec) else [])]
    return {name: f"{node}/goal_image" if name == first else f"{node}/goal_{name}" for name in names}


def goal_remappings(spec: RobotSpec, source: str, renamed: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return (name in the code, wanted name) of goal topics, so that a planner takes another node's goals.

    Args:
        spec: the robot.
        source: name of the node that publishes goals on topics of the same names, such as the simulator.
        renamed: names in the code that are renamed already.
    """
    names, kept = [topic.removeprefix("~/") for topic in goal_topics(spec).values()], set(renamed)
    return [(f"planner/{n}", f"{source}/{n}") for n in names if f"planner/{n}" not in kept]
