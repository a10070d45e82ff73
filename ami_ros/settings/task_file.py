# SPDX-License-Identifier: Apache-2.0
"""config/tasks/<task>.yaml: the task's own settings, and its changes to settings of other files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ami_ros.errors import ConfigError, shown
from ami_ros.settings.fields import load_settings, read_yaml
from ami_ros.settings.share import config_path

T = TypeVar("T")
SECTIONS = ("robots", "embodiment", "collect", "model", "training", "planner")


@dataclass(frozen=True)
class TaskFile:
    """One task as read, not yet checked.

    Attributes:
        name: of the task.
        kind: which class of task it is; see `sim/tasks`.
        own: settings of that class.
        robots: robot -> changes to these settings for it.
        embodiment: changes to config/robots/<robot>.yaml, for example a tool or another camera view.
        collect: changes to config/collect.yaml.
        model: changes to config/model.yaml.
        training: changes to config/training.yaml.
        planner: changes to config/planner.yaml.
    """

    name: str
    kind: str
    own: Mapping[str, Any]
    robots: Mapping[str, Any]
    embodiment: Mapping[str, Any]
    collect: Mapping[str, Any]
    model: Mapping[str, Any]
    training: Mapping[str, Any]
    planner: Mapping[str, Any]

    def own_for(self, robot: str) -> dict[str, Any]:
        """Return the settings of its class for a robot, by name."""
        return merged(self.own, self.robots.get(robot, {}))


def known_tasks() -> list[str]:
    """Return the names of the tasks in config/tasks."""
    return sorted(path.stem for path in config_path("tasks").glob("*.yaml"))


def read_task(task: str) -> TaskFile:
    """Read config/tasks/<task>.yaml, or a YAML file by path, whose name is then the task's.

    Raises:
        ConfigError: unknown task, no such file, no kind, or a section that is not a mapping.
    """
    by_path = Path(task).suffix == ".yaml"
    path = Path(task) if by_path else config_path("tasks", f"{task}.yaml")
    if not by_path and task not in known_tasks():
        raise ConfigError(f"unknown task {task!r}: expected one of {', '.join(known_tasks())}, or a path")
    values = read_yaml(path)
    sections = {name: values.pop(name, {}) for name in SECTIONS}
    for name, section in sections.items():
        if not isinstance(section, dict):
            raise ConfigError(f"{path}: {name}: got {shown(section)}, expected a mapping of settings")
    for robot, changes in sections["robots"].items():
        if not isinstance(changes, dict):
            raise ConfigError(
                f"{path}: robots.{robot}: got {shown(changes)}, expected a mapping of the task's own settings"
            )
    kind = values.pop("kind", None)
    if not isinstance(kind, str):
        raise ConfigError(f"{path}: kind: got {shown(kind)}, expected the kind of task, for example reach")
    return TaskFile(name=path.stem, kind=kind, own=values, **sections)


def load_task_settings(
    cls: type[T], section: str, task: str | None, overrides: Mapping[str, Any] | None = None
) -> T:
    """Read config/<section>.yaml, then the task's changes, then `overrides`.

    Args:
        cls: the settings dataclass.
        section: name of a file in config/ and of a section in the task's file.
        task: name of the task, or path of its YAML; None for config/<section>.yaml as it is.
        overrides: win over both; None means "not given".

    Raises:
        ConfigError: an unknown task, or unknown settings; names the files.
    """
    path = config_path(f"{section}.yaml")
    if task is None:
        return load_settings(cls, path, overrides)
    values = merged(read_yaml(path), getattr(read_task(task), section))
    return load_settings(cls, values, overrides, where=f"{path}, as task {task} changes it")


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `changes`; nested mappings are merged, any other value is replaced."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        result[key] = merged(old, value) if both and old is not None else value
    return result
