# SPDX-License-Identifier: Apache-2.0
"""Goals by name: remembered moments that the planner must reproduce."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError
from ami_ros.memory.moment import Moment
from ami_ros.memory.reader import MemoryReader
from ami_ros.types import Goal


def goal_of(moment: Moment, name: str, spec: RobotSpec) -> Goal:
    """Return a moment as a goal: its images, or for a body without cameras its vectors.

    Raises:
        GoalError: it has no sensor of this robot.
    """
    cameras = {sensor.name for sensor in spec.images_for("model")}
    images = {camera: image for camera, image in moment.images.items() if camera in cameras}
    if images:
        return Goal(images=images, label=name, squared=True)
    wanted = {
        sensor.name: moment.vectors[sensor.name][: len(sensor.names)].astype(np.float64)
        for sensor in spec.vectors_for("model")
        if sensor.name in moment.vectors
    }
    if cameras or not wanted:
        got = [*moment.images, *moment.vectors]
        raise GoalError(
            f"goal {name!r}: got {got or 'nothing'} in the memory, expected some of {sorted(cameras)}"
        )
    return Goal(vectors=wanted, label=name)


def named_goal(path: Path, name: str, task: str, spec: RobotSpec) -> Goal:
    """Return the goal that has a name in a memory.

    Raises:
        MemoryFileError: no such memory, or no such name in it.
        GoalError: it belongs to another task, whose cameras see otherwise, or has other sensors.
    """
    with MemoryReader(path) as memory:
        found = memory.named(name)
        made_with = memory.episodes()[found.episode].task
        if made_with != task:
            known = ", ".join(memory.names(task)) or "none yet"
            raise GoalError(
                f"goal {name!r}: was remembered with task {made_with}, expected a goal of {task}: {known}"
            )
    return goal_of(found.moment, name, spec)
