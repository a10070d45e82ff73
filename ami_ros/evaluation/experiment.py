# SPDX-License-Identifier: Apache-2.0
"""An experiment: robot, task, model, planner and seeds, checked before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.configuration import Configuration
from ami_ros.errors import ConfigError, shown
from ami_ros.model.contract import Contract
from ami_ros.model.files import read_verified
from ami_ros.planning.judged import check_may_plan
from ami_ros.planning.settings import PlannerSettings
from ami_ros.settings.fields import INTEGER_MAX, NULL
from ami_ros.settings.strict_text import parse_yaml
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.system.extras import require

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult
    from ami_ros.sim.tasks.task import Task

MOST_EPISODES, MOST_WORKERS = 1_000_000, 256
GOAL_KINDS = ("image", "joints")
NULLS = ("null", "~")  # null in YAML
ORACLE = "oracle"  # besides the solvers: the task's script, which reads the true state


@dataclass(frozen=True, eq=False)
class Experiment:
    """Episodes of one planner on one task.

    Attributes:
        configuration: robot, task and their settings.
        model: path of the model.
        sha256: verified hash of the model.
        contract: the model's contract, which fits the robot.
        planner: how to plan.
        seeds: one per episode.
        by_joints: goals are joint positions instead of images.
        perturbation: of camera and light, in every episode.
        gated: False runs without the safety gate, to measure what it costs.
        covered: cameras that are black from the first step on.
        map: one of the task's maps; empty: the one in the task's file.
        memory: file of the planner's memory; None: the planner has none.
        memory_before: file of the memory at the start; baselines use it, too, but add nothing.
    """

    configuration: Configuration
    model: Path
    sha256: str
    contract: Contract
    planner: PlannerSettings
    seeds: tuple[int, ...]
    by_joints: bool
    perturbation: Perturbation = field(default_factory=Perturbation)
    gated: bool = True
    covered: tuple[str, ...] = ()
    map: str = ""
    memory: Path | None = None
    memory_before: Path | None = None

    @property
    def spec(self) -> RobotSpec:
        """The robot with the task's equipment."""
        return self.configuration.spec

    @property
    def task(self) -> str:
        """Name of the task."""
        return self.configuration.task

    @property
    def goal(self) -> str:
        """Form of the goal: ``image``, or the sensor that measures it."""
        return self.spec.joint_sensor if self.by_joints else self.load_task().goal_sensor or "image"

    def load_task(self) -> Task:
        """Return the task, with its map. Raises ConfigError: it has no such map."""
        from ami_ros.sim.tasks.by_name import load_task

        return load_task(self.task, self.spec, self.map)


def parsed_changes(changes: Sequence[str], file: str = "config/planner.yaml") -> dict[str, object]:
    """Return settings of a file from texts like ``distance=temporal``; values are read as YAML.

    Raises:
        ConfigError: a text without ``=``, no value, invalid YAML, or a key given twice.
    """
    pairs = [text.partition("=") for text in changes]
    bad = [text for text, pair in zip(changes, pairs, strict=True) if not (pair[0] and pair[1])]
    if bad:
        raise ConfigError(f"--set: got {shown(bad)}, expected KEY=VALUE with a key of {file}")
    if len({key for key, _, _ in pairs}) != len(pairs):
        raise ConfigError(f"--set: got {shown(list(changes))}, expected each key once")
    values: dict[str, object] = {}
    for key, _, value in pairs:
        try:
            parsed = parse_yaml(value)
        except ValueError as error:
            raise ConfigError(f"--set {key}: got {shown(value)}, expected YAML: {error}") from error
        if parsed is None and value.strip().lower() not in NULLS:
            # An unset shell variable: the user does not want the setting in the file.
            raise ConfigError(
                f"--set {key}: got no value, expected one after =; '' for an empty text, null for none"
            )
        values[key] = NULL if parsed is None else parsed
    return values


def check_counts(episodes: int, seed: int, workers: int = 1) -> None:
    """Reject implausible numbers before they fill the memory.

    Raises:
        ConfigError: names what is out of range.
    """
    if not (1 <= episodes <= MOST_EPISODES and 0 <= seed <= INTEGER_MAX - MOST_EPISODES):
        raise ConfigError(
            f"got {shown(episodes)} episodes from seed {shown(seed)}, expected at least 1 and at most "
            f"{MOST_EPISODES} from seed 0 or more, of 64 bits"
        )
    if not 1 <= workers <= MOST_WORKERS:
        raise ConfigError(f"got {shown(workers)} workers, expected at least 1 and at most {MOST_WORKERS}")


def prepare(
    robot: str | None,
    task: str | None,
    model: Path | None = None,
    solver: str | None = None,
    episodes: int = 1,
    seed: int = 0,
    goal: str = "image",
    perturbation: Perturbation | None = None,
    changes: Sequence[str] = (),
    map_: str = "",
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> Experiment:
    """Check everything that a user can get wrong, before a model is loaded or ROS is started.

    Args:
        robot: as for `Configuration.load`.
        task: as for `Configuration.load`.
        model: path of a model.pt; None for the shipped one.
        solver: None for the one in config/planner.yaml.
        episodes: how many.
        seed: of the first episode; each further episode uses the next one.
        goal: one of GOAL_KINDS.
        perturbation: of camera and light; None for none.
        changes: ``key=value`` of config/planner.yaml.
        map_: one of the task's maps; empty: the one in the task's file.
        others: name of another file in config/ -> changes to it.

    Raises:
        AmiError: what is wrong, what was expected, and the alternatives.
    """
    if goal not in GOAL_KINDS:
        raise ConfigError(f"got unknown goal kind {goal!r}, expected one of {', '.join(GOAL_KINDS)}")
    check_counts(episodes, seed)
    wanted = parsed_changes(changes)
    if solver is not None and wanted.get("solver", solver) != solver:
        raise ConfigError(f"got --planner {solver} and --set solver={wanted['solver']}, expected one of them")
    configuration = Configuration.load(
        robot, task, {**(others or {}), "planner": {"solver": solver, **wanted}}
    )
    planner = configuration.planner
    if goal == "joints":
        _check_joint_goals(configuration)
    path = configuration.model_path(model)
    file = read_verified(path)
    contract = file.contract()
    contract.check(configuration.spec, configuration.task_name)
    check_may_plan(contract, planner, str(path))
    experiment = Experiment(
        configuration=configuration,
        model=path,
        sha256=file.sha256,
        contract=contract,
        planner=planner,
        seeds=tuple(range(seed, seed + episodes)),
        by_joints=goal == "joints",
        perturbation=perturbation or Perturbation(),
        map=map_,
    )
    if map_:
        require("sim")
        experiment.load_task()  # now: the nodes would report it later
    return experiment


class Runner(Protocol):
    """Runs an experiment's episodes without ROS."""

    def episodes(
        self, solver: str | None = None, perturbation: Perturbation | None = None
    ) -> Iterator[EpisodeResult]:
        """Run every episode, with `solver` and `perturbation` instead of the experiment's if given."""

    def close(self) -> None:
        """Free what runs them."""


def _check_joint_goals(configuration: Configuration) -> None:
    require("sim")
    from ami_ros.sim.tasks.by_name import load_task

    if not load_task(configuration.task, configuration.spec).goal_is_posture:
        raise ConfigError(
            f"task {configuration.task}: got goals as joints, expected --goal image: joint positions do not "
            "say where the object should be"
        )
