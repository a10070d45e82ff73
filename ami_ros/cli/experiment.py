# SPDX-License-Identifier: Apache-2.0
"""What is measured: robot, task, model, planner and seeds, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ami_ros.config import load_settings
from ami_ros.embodiment import RobotSpec, load_robot
from ami_ros.errors import ConfigError
from ami_ros.model.contract import Contract
from ami_ros.model.files import read_contract, verify
from ami_ros.planning.settings import PlannerSettings, load_planner_settings
from ami_ros.share import config_path, shipped_model

GOAL_KINDS = ("image", "joints")


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


def prepare(
    robot: str, task: str, model: Path | None, solver: str | None, episodes: int, seed: int, goal: str
) -> Experiment:
    """Check everything that a user can get wrong, without importing torch, ROS or the simulator.

    Raises:
        AmiError: what is wrong, what was expected, and the alternatives.
    """
    known = sorted(path.stem for path in config_path("tasks").glob("*.yaml"))
    if task not in known:
        raise ConfigError(f"unknown task {task!r}: expected one of {', '.join(known)}")
    if goal not in GOAL_KINDS:
        raise ConfigError(f"unknown goal kind {goal!r}: expected one of {', '.join(GOAL_KINDS)}")
    if episodes < 1 or seed < 0:
        raise ConfigError(
            f"got {episodes} episodes from seed {seed}, expected at least 1 from seed 0 or more"
        )
    planner = load_planner_settings({"solver": solver})
    spec = load_robot(robot)
    path = model or shipped_model(spec.name, task)
    digest, contract = verify(path), read_contract(path)
    contract.check(spec)
    return Experiment(
        robot=robot,
        spec=spec,
        task=task,
        model=path,
        sha256=digest,
        contract=contract,
        planner=planner,
        seeds=tuple(range(seed, seed + episodes)),
        by_joints=goal == "joints",
    )


def physics_hz() -> float:
    """Return the simulator's rate, the same in process and as a node: config/sim.yaml."""
    from ami_ros.ros.settings import SimSettings

    return load_settings(SimSettings, config_path("sim.yaml")).physics_hz
