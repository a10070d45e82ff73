# SPDX-License-Identifier: Apache-2.0
"""From a task's file to the task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import load_settings
from ami_ros.settings.task_file import read_task
from ami_ros.sim.tasks.barrier import Barrier, BarrierSettings
from ami_ros.sim.tasks.drive import Drive, DriveSettings
from ami_ros.sim.tasks.push import Push, PushSettings
from ami_ros.sim.tasks.reach import Reach, ReachSettings
from ami_ros.sim.tasks.setpoint import Setpoint, SetpointSettings
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.tasks.two_room import TwoRoom, TwoRoomSettings

# kind -> (its settings, how to build it)
KINDS: dict[str, tuple[type[Any], Callable[[RobotSpec, Any], Task]]] = {
    "barrier": (BarrierSettings, Barrier),
    "drive": (DriveSettings, Drive),
    "push": (PushSettings, Push),
    "reach": (ReachSettings, Reach),
    "setpoint": (SetpointSettings, Setpoint),
    "two_room": (TwoRoomSettings, TwoRoom),
}


def load_task(task: str, spec: RobotSpec, map_: str = "") -> Task:
    """Read a task, by name or path, and build it for a robot from `load_robot(robot, task)`.

    Args:
        task: name or path.
        spec: the robot.
        map_: one of the task's maps, such as those unseen in training; empty: the one in its file.

    Raises:
        ConfigError: unknown task or kind, or settings that do not fit the body.
    """
    file = read_task(task)
    if file.kind not in KINDS:
        raise ConfigError(f"task {task}: kind: got {file.kind!r}, expected one of {sorted(KINDS)}")
    settings, build = KINDS[file.kind]
    if map_ and "map" not in file.own:
        raise ConfigError(
            f"task {task}: got map {map_!r}, but the task has no maps; expected another task, or no map"
        )
    return build(spec, load_settings(settings, file.own, {"map": map_ or None}, where=f"task {task}"))
