# SPDX-License-Identifier: Apache-2.0
"""What is measured: robot, task, model, planner and seeds, checked before anything is started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.config import INTEGER_MAX, load_settings
from ami_ros.errors import ConfigError, shown
from ami_ros.extras import require
from ami_ros.model.contract import Contract
from ami_ros.model.files import read_verified
from ami_ros.planning.settings import PlannerSettings, load_planner_settings
from ami_ros.share import config_path, shipped_model
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.strict_text import parse_yaml

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

MOST_EPISODES, MOST_WORKERS = 1_000_000, 256
GOAL_KINDS = ("image", "joints")
ORACLE = "oracle"  # beside the solvers: the task's script, which looks at the truth


@dataclass(frozen=True, eq=False)
class Experiment:
    """Episodes of one planner on one task.

    Attributes:
        robot: as the user named it.
        spec: the robot.
        task: name of the task.
        model: path of the model.
        sha256: of the model, verified.
        contract: of the model, which fits the robot.
        planner: how to plan.
        seeds: one per episode.
        by_joints: the planner is told joint positions instead of shown an image.
        perturbation: of camera and light, in every episode.
        gated: False runs without the safety gate, to measure what it costs.
    """

    robot: str
    spec: RobotSpec
    task: str
    model: Path
    sha256: str
    contract: Contract
    planner: PlannerSettings
    seeds: tuple[int, ...]
    by_joints: bool
    perturbation: Perturbation = field(default_factory=Perturbation)
    gated: bool = True


def parsed_changes(changes: Sequence[str]) -> dict[str, object]:
    """Return settings from texts like ``distance=temporal``; values are read as YAML.

    Raises:
        ConfigError: a text without ``=``, a value that is no YAML, or a key given twice.
    """
    pairs = [text.partition("=") for text in changes]
    bad = [text for text, pair in zip(changes, pairs, strict=True) if not (pair[0] and pair[1])]
    if bad:
        raise ConfigError(f"--set: got {bad}, expected KEY=VALUE with a key of config/planner.yaml")
    if len({key for key, _, _ in pairs}) != len(pairs):
        raise ConfigError(f"--set: got {list(changes)}, expected each key once")
    values: dict[str, object] = {}
    for key, _, value in pairs:
        try:
            values[key] = parse_yaml(value)
        except ValueError as error:
            raise ConfigError(f"--set {key}: got {shown(value)}, expected YAML: {error}") from error
    return values


def check_counts(episodes: int, seed: int, workers: int = 1) -> None:
    """Refuse numbers that nobody can mean, before they fill the memory.

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
    robot: str,
    task: str,
    model: Path | None,
    solver: str | None,
    episodes: int,
    seed: int,
    goal: str,
    perturbation: Perturbation | None = None,
    changes: Sequence[str] = (),
) -> Experiment:
    """Check everything that a user can get wrong, before a model is loaded or ROS is started.

    Raises:
        AmiError: what is wrong, what was expected, and the alternatives.
    """
    spec = load_robot(robot, task)
    if goal not in GOAL_KINDS:
        raise ConfigError(f"unknown goal kind {goal!r}: expected one of {', '.join(GOAL_KINDS)}")
    check_counts(episodes, seed)
    wanted = parsed_changes(changes)
    if solver is not None and wanted.get("solver", solver) != solver:
        raise ConfigError(f"got --planner {solver} and --set solver={wanted['solver']}, expected one of them")
    planner = load_planner_settings({"solver": solver, **wanted}, task)
    if goal == "joints":
        _check_joint_goals(task, spec)
    path = model or shipped_model(spec.name, task)
    file = read_verified(path)
    contract = file.contract()
    contract.check(spec, task)
    return Experiment(
        robot=robot,
        spec=spec,
        task=task,
        model=path,
        sha256=file.sha256,
        contract=contract,
        planner=planner,
        seeds=tuple(range(seed, seed + episodes)),
        by_joints=goal == "joints",
        perturbation=perturbation or Perturbation(),
    )


class Runner(Protocol):
    """Runs an experiment's episodes without ROS."""

    def episodes(
        self, solver: str | None = None, perturbation: Perturbation | None = None
    ) -> Iterator[EpisodeResult]:
        """Run every episode, with `solver` and `perturbation` instead of the experiment's if given."""

    def close(self) -> None:
        """Free what runs them."""


def _check_joint_goals(task: str, spec: RobotSpec) -> None:
    require("sim")
    from ami_ros.sim.tasks.known import load_task

    if not load_task(task, spec).goal_is_posture:
        raise ConfigError(
            f"task {task}: got goals as joints, expected --goal image: joint positions do not say where "
            "the object shall be"
        )


def physics_hz() -> float:
    """Return the simulator's rate, the same in process and as a node: config/sim.yaml."""
    from ami_ros.node_settings import SimSettings

    return load_settings(SimSettings, config_path("sim.yaml")).physics_hz
