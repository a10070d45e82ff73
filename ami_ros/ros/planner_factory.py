# SPDX-License-Identifier: Apache-2.0
"""What the planner node plans with: the shipped world model, or whatever a test brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.embodiment import RobotSpec
from ami_ros.ros.planning_cycle import RestartablePlanner
from ami_ros.share import share_dir
from ami_ros.types import Goal, Observation

WARM_UP_PLANS = 5  # TorchScript specialises during the first calls, which take a hundred times longer


@dataclass(frozen=True)
class PlannerFactory:
    """How to make a planner.

    Attributes:
        defaults: settings dataclass instance; its fields become ROS parameters.
        build: called with the robot, the model's path and the settings; returns a planner that is warm.
    """

    defaults: Any
    build: Callable[[RobotSpec, Path, Any], RestartablePlanner]


def shipped_model(robot: str, task: str) -> Path:
    """Return where the model for `robot` and `task` is shipped."""
    return share_dir() / "models" / f"{robot}_{task}" / "model.pt"


def world_model_planner() -> PlannerFactory:
    """Return the factory of the real thing; torch is imported here and not before.

    Raises:
        ConfigError: config/planner.yaml is invalid.
    """
    import torch

    from ami_ros.model.runtime import load_model
    from ami_ros.planning.planner import RecedingHorizonPlanner
    from ami_ros.planning.settings import load_planner_settings

    def build(spec: RobotSpec, path: Path, settings: Any) -> RestartablePlanner:
        torch.set_num_threads(settings.threads)
        planner = RecedingHorizonPlanner(load_model(path, spec), spec, settings)
        warm_up(planner, spec)
        return planner

    return PlannerFactory(load_planner_settings(), build)


def warm_up(planner: RestartablePlanner, spec: RobotSpec) -> None:
    """Plan a few times from a black image, so that the first real plan meets its deadline."""
    image = np.zeros((spec.camera.height, spec.camera.width, 3), dtype=np.uint8)
    still = np.zeros(len(spec.joint_names))
    planner.set_goal(Goal(image=image))
    for _ in range(WARM_UP_PLANS):
        planner.plan(Observation(image, spec.home, still, 0, 0, 0, 0))
    planner.set_goal(None)
    planner.restart()
