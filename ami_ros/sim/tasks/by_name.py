# SPDX-License-Identifier: Apache-2.0
"""From a task's file to the task."""

from __future__ import annotations

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import load_settings
from ami_ros.settings.plugins import Parts
from ami_ros.settings.task_file import read_task
from ami_ros.sim.tasks.task import Task

KINDS = Parts("kind", "ami_ros.sim.tasks.kinds", "ami_ros.tasks", ("Settings", "Task"))


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
    try:
        kind = KINDS.named(file.kind)
    except ConfigError as error:
        raise ConfigError(f"task {task}: {error}") from error
    if map_ and "map" not in file.own:
        raise ConfigError(
            f"task {task}: got map {map_!r}, but the task has no maps; expected another task, or no map"
        )
    own = file.own_for(spec.name)
    settings = load_settings(kind.Settings, own, {"map": map_ or None}, where=f"task {task}")
    built: Task = kind.Task(spec, settings)
    return built
