# SPDX-License-Identifier: Apache-2.0
"""The planner of the planner node: the shipped world model, or whatever a test supplies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.planning.protocols import Planner
from ami_ros.planning.routes.settings import GRAPH

if TYPE_CHECKING:
    from ami_ros.memory.experience import Experience
    from ami_ros.model.runtime import ModelRuntime
    from ami_ros.planning.settings import PlannerSettings


@dataclass(frozen=True)
class ModelView:
    """The inputs of a model.

    Attributes:
        sha256: hash of its file; empty without a model.
        sides: camera -> side of the image that the model sees, px.
    """

    sha256: str = ""
    sides: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannerFactory:
    """Builds a planner.

    Attributes:
        defaults: maps the task's name to a settings dataclass instance; its fields become ROS parameters.
        build: called with the robot, the model's path, the settings, the task's name and the memory file
            (None for none); returns a warmed-up planner.
        view: maps a planner that it built to the inputs of its model.
    """

    defaults: Callable[[str], Any]
    build: Callable[[RobotSpec, Path, Any, str, Path | None], Planner]
    view: Callable[[Any], ModelView] = lambda planner: ModelView()


def experience_of(
    model: ModelRuntime, spec: RobotSpec, settings: PlannerSettings, task: str, memory: Path | None
) -> Experience | None:
    """Return the experience that the settings use; None if they use none or there is no memory.

    Raises:
        MemoryFileError: the file is not a memory file, or damaged.
    """
    if memory is None or not settings.recalls:
        return None
    import torch

    from ami_ros.memory.experience import Experience, Sight
    from ami_ros.model.points import points_of

    def points(states: NDArray[Any]) -> NDArray[np.float32]:
        return points_of(model, torch.tensor(states)).cpu().numpy()

    def ahead(states: NDArray[Any]) -> NDArray[np.float32]:
        with torch.inference_mode():
            there = model.world.imagine(torch.tensor(states).float().to(model.device))
        return points_of(model, there.flatten(0, 1)).cpu().numpy().reshape(*there.shape[:2], -1)

    blocks = model.contract.macro_blocks
    sight = Sight(
        model=model.sha256,
        points_of=points,
        ahead_of=ahead if blocks else None,
        ahead_steps=blocks * spec.action_block,
        step_ns=spec.step_ns,
        block=model.contract.block,
        block_size=model.contract.block_size,
    )
    graph = settings.routes[GRAPH]
    return Experience(memory, sight, task, graph.radius, graph.reach)


def world_model_planner(clock_ns: Callable[[], int]) -> PlannerFactory:
    """Return the factory of the real planner; torch is imported here and not before.

    Args:
        clock_ns: clock of its search, ns.
    """
    import torch

    from ami_ros.model.runtime import load_model
    from ami_ros.planning.judged import check_may_plan
    from ami_ros.planning.planner import RecedingHorizonPlanner
    from ami_ros.planning.settings import load_planner_settings
    from ami_ros.planning.warm_up import warm_up

    def build(spec: RobotSpec, path: Path, settings: Any, task: str, memory: Path | None) -> Planner:
        torch.set_num_threads(settings.threads)
        model = load_model(path, spec, device=settings.device, precision=settings.precision, task=task)
        check_may_plan(model.contract, settings, str(path))
        experience = experience_of(model, spec, settings, task, memory)
        planner = RecedingHorizonPlanner(model, spec, settings, clock_ns, experience=experience)
        warm_up(planner, spec)
        return planner

    def view(planner: RecedingHorizonPlanner) -> ModelView:
        return ModelView(planner.model.sha256, planner.model.sides)

    return PlannerFactory(lambda task: load_planner_settings(task=task), build, view)
