# SPDX-License-Identifier: Apache-2.0
"""Where goals are sent: one topic for each sensor, below the name of the node."""

from __future__ import annotations

from collections.abc import Iterable

from ami_ros.body.robot_spec import RobotSpec


def goal_topics(spec: RobotSpec, node: str = "~") -> dict[str, str]:
    """Return sensor name -> topic: ``~/goal_image`` of the first camera, else ``~/goal_<sensor>``.

    Args:
        spec: the robot.
        node: that takes the goals; ``~`` for itself.
    """
    first = spec.camera.name if spec.images else ""
    return {name: f"{node}/goal_image" if name == first else f"{node}/goal_{name}" for name in spec.sensors}


def goal_remappings(spec: RobotSpec, source: str, renamed: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return (name in the code, name asked for) of goal topics, so that a planner takes another node's goals.

    Args:
        spec: the robot.
        source: name of the node that publishes goals on topics of the same names, such as the simulator.
        renamed: names in the code that are renamed already.
    """
    names, kept = [topic.removeprefix("~/") for topic in goal_topics(spec).values()], set(renamed)
    return [(f"planner/{n}", f"{source}/{n}") for n in names if f"planner/{n}" not in kept]
