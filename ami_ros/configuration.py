# SPDX-License-Identifier: Apache-2.0
"""Robot, task and all their settings as one object, loaded once and shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.body.sensors import with_topics
from ami_ros.errors import ConfigError, ModelFileError
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path, data_home, shipped_model
from ami_ros.settings.task_file import SECTIONS, TaskFile, load_task_settings, read_task

if TYPE_CHECKING:
    from ami_ros.commissioning.core.settings import CommissionSettings
    from ami_ros.exploration.settings import ExplorerSettings
    from ami_ros.memory.settings import MemorySettings
    from ami_ros.model.networks.settings import ModelSettings
    from ami_ros.node_settings import NodeSettings
    from ami_ros.planning.settings import PlannerSettings
    from ami_ros.safety.settings import GateNodeSettings, SafetySettings
    from ami_ros.sim.settings import SimSettings
    from ami_ros.sim.tasks.collect_settings import CollectSettings
    from ami_ros.training.settings import TrainingSettings

T = TypeVar("T")
FILES = (
    *("collect", "commission", "explorer", "memory", "model", "planner", "safety", "safety_node", "sim"),
    "training",
)


@dataclass(frozen=True, eq=False)
class Configuration:
    """One robot with one task. Each settings file is read and checked on first use.

    Attributes:
        robot: name of a file in config/robots, or a path, as it was given.
        spec: the robot as the task equips it.
        task_file: the task as in its file.
        task_given: name of a file in config/tasks, or a path, as it was given.
        overrides: name of a file in config/ -> settings that win over that file and over the task's changes.
    """

    robot: str
    spec: RobotSpec
    task_file: TaskFile
    task_given: str
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        robot: str | None = None,
        task: str | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        sensor_topics: str = "",
        command_interface: str = "",
    ) -> Configuration:
        """Read robot and task.

        Args:
            robot: name of a file in config/robots, or a path; None for the one in config/node.yaml.
            task: name of a file in config/tasks, or a path; None for the one in config/node.yaml.
            overrides: one of FILES -> its settings to change; a value of None means "not given".
            sensor_topics: see `with_topics`.
            command_interface: see `RobotSpec.with_interface`.

        Raises:
            ConfigError: a file is missing, or has unknown keys or wrong types, or `overrides` name no file.
            EmbodimentError: the robot's numbers contradict each other.
        """
        overrides = overrides or {}
        if unknown := sorted(set(overrides) - set(FILES)):
            raise ConfigError(f"overrides: got {unknown}, expected some of {', '.join(FILES)}")
        if robot is None or task is None:
            from ami_ros.node_settings import NodeSettings

            usual = load_settings(NodeSettings, config_path("node.yaml"))
            robot = usual.robot if robot is None else robot
            task = usual.task if task is None else task
        spec = load_robot(robot, task)
        sensors = with_topics(spec.sensors, sensor_topics)
        spec = replace(spec.with_interface(command_interface), sensors=sensors)
        return cls(robot, spec, read_task(task), task, overrides)

    @classmethod
    def of_node(cls, common: NodeSettings) -> Configuration:
        """Read robot and task of a node. Raises as `load`."""
        topics, interface = common.sensor_topics, common.command_interface
        return cls.load(common.robot, common.task, sensor_topics=topics, command_interface=interface)

    @property
    def task(self) -> str:
        """The task as it was given, a name or a path: what `load_task` and the nodes take."""
        return self.task_given

    @property
    def task_name(self) -> str:
        """Name of the task, used in the names of its models."""
        return self.task_file.name

    @property
    def name(self) -> str:
        """``<robot>_<task>``: the folder name of this pair."""
        return f"{self.spec.name}_{self.task_name}"

    @property
    def node_parameters(self) -> dict[str, str]:
        """The ROS parameters by which a node loads the same robot and task."""
        return {"robot": self.robot, "task": self.task}

    @property
    def options(self) -> str:
        """The options by which a verb loads the same robot and task, as a shell takes them."""
        return options_of(self.robot, self.task).lstrip()

    # Default paths

    @property
    def episodes_folder(self) -> Path:
        """Folder of recorded episodes."""
        return Path("data", self.name)

    @property
    def run_folder(self) -> Path:
        """Folder of training runs."""
        return Path("runs", self.name)

    @property
    def exploration_file(self) -> Path:
        """File that keeps what was explored."""
        return Path("explored", f"{self.name}.json")

    @property
    def shipped_model(self) -> Path:
        """Path of the model that comes with the package, else of the one that `ami-ros model` made here."""
        shipped, made = shipped_model(self.spec.name, self.task_name), Path("models", self.name, "model.pt")
        # In this order: a working folder must not shadow the installed model.
        return made if made.is_file() and not shipped.is_file() else shipped

    def model_path(self, given: Path | None = None) -> Path:
        """Return `given`, or else `shipped_model`.

        Raises:
            ModelFileError: there is none; explains how to make one.
        """
        path = given or self.shipped_model
        try:
            is_there = path.is_file()
        except OSError:  # reported by its reader
            is_there = True
        if not is_there:
            how = f"make one with `ami-ros model {self.options}`, or pass --model PATH"
            raise ModelFileError(f"{path}: no such model file; {how}")
        return path

    def memory_file(self, namespace: str = "") -> Path:
        """Return the path of the robot's memory, one for all of its tasks.

        Args:
            namespace: of its nodes in ROS; robots of one kind in different ones have their own.
        """
        return data_home() / "memory" / namespace.strip("/") / f"{self.spec.name}.sqlite"

    # Settings; imported on use, because most users of a configuration need one or two of them

    @cached_property
    def collect(self) -> CollectSettings:
        """config/collect.yaml, as the task changes it."""
        from ami_ros.sim.tasks.collect_settings import CollectSettings

        return self._settings(CollectSettings, "collect")

    @cached_property
    def commission(self) -> CommissionSettings:
        """config/commission.yaml."""
        from ami_ros.commissioning.core.settings import CommissionSettings

        return self._settings(CommissionSettings, "commission")

    @cached_property
    def explorer(self) -> ExplorerSettings:
        """config/explorer.yaml."""
        from ami_ros.exploration.settings import ExplorerSettings

        return self._settings(ExplorerSettings, "explorer")

    @cached_property
    def memory(self) -> MemorySettings:
        """config/memory.yaml."""
        from ami_ros.memory.settings import MemorySettings

        return self._settings(MemorySettings, "memory")

    @cached_property
    def model(self) -> ModelSettings:
        """config/model.yaml, as the task changes it."""
        from ami_ros.model.networks.settings import ModelSettings

        return self._settings(ModelSettings, "model")

    @cached_property
    def planner(self) -> PlannerSettings:
        """config/planner.yaml, as the task changes it."""
        from ami_ros.planning.settings import PlannerSettings

        return self._settings(PlannerSettings, "planner")

    @cached_property
    def training(self) -> TrainingSettings:
        """config/training.yaml, as the task changes it."""
        from ami_ros.training.settings import TrainingSettings

        return self._settings(TrainingSettings, "training")

    @cached_property
    def safety(self) -> SafetySettings:
        """config/safety.yaml, as the robot changes it: the same for every task."""
        return self.safety_with({})

    def safety_with(self, more: Mapping[str, Any]) -> SafetySettings:
        """Return `safety` with more changes, as of a node that was given parameters. Raises ConfigError."""
        from ami_ros.safety.settings import load_safety_settings

        own = self.spec.safety
        try:
            return load_safety_settings(own, self.overrides.get("safety", {}), more)
        except ConfigError as error:
            if not own:
                raise
            raise ConfigError(
                f"{error}; see the changes to safety in the YAML of robot {self.robot}"
            ) from error

    @cached_property
    def safety_node(self) -> GateNodeSettings:
        """config/safety_node.yaml."""
        from ami_ros.safety.settings import GateNodeSettings

        return self._settings(GateNodeSettings, "safety_node")

    @cached_property
    def sim(self) -> SimSettings:
        """config/sim.yaml."""
        from ami_ros.sim.settings import SimSettings

        return self._settings(SimSettings, "sim")

    def _settings(self, cls: type[T], file: str) -> T:
        task = self.task if file in SECTIONS else None
        return load_task_settings(cls, file, task, self.overrides.get(file))


def options_of(robot: str | None, task: str | None) -> str:
    """Return the options that give a verb this robot and task, each after a space; nothing for None."""
    given = {"robot": robot, "task": task}
    return "".join(f" --{option} {quote(name)}" for option, name in given.items() if name)
