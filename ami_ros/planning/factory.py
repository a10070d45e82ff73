# SPDX-License-Identifier: Apache-2.0
"""What the planner node plans with: the shipped world model, or whatever a test brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.protocols import Planner


@dataclass(frozen=True)
class ModelView:
    """What a model sees with.

    Attributes:
        sha256: of its file; empty where there is no model.
        sides: camera -> side of the image that it sees, px.
    """

    sha256: str = ""
    sides: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannerFactory:
    """How to make a planner.

    Attributes:
        defaults: from the task's name to a settings dataclass instance; its fields become ROS parameters.
        build: called with the robot, the model's path, the settings and the task's name; returns a
            planner that is warm.
        view: from a planner that it built to what its model sees with.
    """

    defaults: Callable[[str], Any]
    build: Callable[[RobotSpec, Path, Any, str], Planner]
    view: Callable[[Any], ModelView] = lambda planner: ModelView()


def world_model_planner(clock_ns: Callable[[], int]) -> PlannerFactory:
    """Return the factory of the real thing; torch is imported here and not before.

    Args:
        clock_ns: tells its search the time.
    """
    import torch

    from ami_ros.model.runtime import load_model
    from ami_ros.planning.planner import RecedingHorizonPlanner
    from ami_ros.planning.settings import load_planner_settings
    from ami_ros.planning.warm_up import warm_up

    def build(spec: RobotSpec, path: Path, settings: Any, task: str) -> Planner:
        torch.set_num_threads(settings.threads)
        model = load_model(path, spec, device=settings.device, precision=settings.precision, task=task)
        planner = RecedingHorizonPlanner(model, spec, settings, clock_ns)
        warm_up(planner, spec)
        return planner

    def view(planner: RecedingHorizonPlanner) -> ModelView:
        return ModelView(planner.model.sha256, planner.model.sides)

    return PlannerFactory(lambda task: load_planner_settings(task=task), build, view)
