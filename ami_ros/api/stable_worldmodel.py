# SPDX-License-Identifier: Apache-2.0
"""Our world model under the solvers of stable-worldmodel, and our planner on its `World`.

Its solvers and its World ask for methods, not for base classes, so nothing of it is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ami_ros.api.planning import load_model, load_planner
from ami_ros.body.actions import ActionSpec
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.configuration import Configuration
from ami_ros.errors import ObservationError
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.judged import check_may_plan
from ami_ros.planning.objective import Objective
from ami_ros.planning.protocols import Planner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.system.extras import require
from ami_ros.types import FloatArray, Goal, Observation, Reading

GOAL, STEP, TERMINATED = "goal", "step_idx", "terminated"
PROBLEMS = "ami_ros.problems"  # a solver hands the same info to each of its iterations


class ActionScaler:
    """Between the channels' units of an environment and [-1, 1], in which solvers search.

    Args:
        actions: of the robot.
    """

    def __init__(self, actions: ActionSpec) -> None:
        self._actions = actions

    def transform(self, x: FloatArray) -> FloatArray:
        """Map actions (..., A) in the channels' units to [-1, 1]."""
        return self._actions.normalised(x)

    def inverse_transform(self, x: FloatArray) -> FloatArray:
        """Map actions (..., A) in [-1, 1] to the channels' units; what lies outside is clipped."""
        return self._actions.in_units(np.clip(x, -1.0, 1.0))


class CostModel:
    """A world model as the solvers of stable-worldmodel take it.

    Args:
        model: the loaded world model.
        robot: its robot.
        settings: terms and distance of the cost.
        goal_sensor: what measures the goal; empty: an image of the first camera shows it.

    Attributes:
        action_block: control steps per action block (K), as `PlanConfig` takes it.
        process: of actions, as `WorldModelPolicy` takes it.
    """

    def __init__(
        self, model: ModelRuntime, robot: RobotSpec, settings: PlannerSettings, goal_sensor: str = ""
    ) -> None:
        self._model, self._settings = model, settings
        self._episodes = _Episodes(robot, goal_sensor)
        self._costs = Objective(model, settings, robot).costs
        self.action_block = robot.action_block
        self.process = {"action": ActionScaler(robot.actions)}

    def get_cost(self, info: dict[str, Any], candidates: Tensor) -> Tensor:
        """Return the costs (B, S) of candidates, lower is better; differentiable in them.

        Args:
            info: of B environments, as a World makes it and a solver expands it; encoded once, at its first
                use, and kept in it.
            candidates: (B, S, T, K A) in [-1, 1]; what lies outside is judged as the robot would execute it.

        Raises:
            ObservationError: a sensor, or the goal, is missing or does not fit.
        """
        if PROBLEMS not in info:
            info[PROBLEMS] = [self._problem(info, index) for index in range(len(candidates))]
        wanted = candidates.to(self._model.device).clamp(-1.0, 1.0)
        pairs = zip(info[PROBLEMS], wanted, strict=True)
        return torch.stack([cost(actions) for cost, actions in pairs]).to(candidates.device)

    def _problem(self, info: Mapping[str, Any], index: int) -> Callable[[Tensor], Tensor]:
        """Return the cost function of one environment, with its state and goal encoded."""
        model = self._model
        # Copies: what is made in inference mode has no place in a gradient.
        state = model.sense(self._episodes.observation(info, index)).state.clone()
        goal = model.encode_goal(self._episodes.goal(info, index), self._settings.distance)
        goal = goal._replace(targets=[target.clone() for target in goal.targets])
        nothing = state.new_zeros((0, len(model.contract.cameras), model.contract.latent_size))

        def cost(candidates: Tensor) -> Tensor:
            total: Tensor = self._costs(state.unsqueeze(0), goal, candidates, nothing)[0]
            return total

        return cost


class PlannerPolicy:
    """Planners as a policy of stable-worldmodel's World, one for each of its environments.

    Args:
        make_planner: returns a warm planner; called for each environment.
        robot: the robot of the planners.
        goal_sensor: as for `CostModel`.
    """

    def __init__(self, make_planner: Callable[[], Planner], robot: RobotSpec, goal_sensor: str = "") -> None:
        self._make, self._planners = make_planner, [make_planner()]
        self._episodes, self._size = _Episodes(robot, goal_sensor), robot.action_size

    def set_env(self, env: Any) -> None:
        """Have a planner for each environment of a pool."""
        self._planners += [self._make() for _ in range(len(self._planners), env.num_envs)]

    def get_action(self, info: Mapping[str, Any]) -> FloatArray:
        """Return the next action (N, A) of N environments in the channels' units; NaN where one has ended.

        Args:
            info: as a World makes it: of each sensor, ``goal`` and ``step_idx``.

        Raises:
            ObservationError: a sensor, or the goal, is missing or does not fit, or there are more
                environments than planners.
        """
        count = len(info[GOAL]) if GOAL in info else 0
        if not 0 < count <= len(self._planners):
            raise ObservationError(
                f"info: got goals of {count} environments, expected 1 to {len(self._planners)}, for which "
                "set_env made planners"
            )
        actions = np.full((count, self._size), np.nan)
        for index, planner in enumerate(self._planners[:count]):
            if TERMINATED in info and np.ravel(info[TERMINATED])[index]:
                continue
            if self._episodes.step(info, index) == 0:
                planner.restart()
                planner.set_goal(self._episodes.goal(info, index))
            actions[index] = planner.plan(self._episodes.observation(info, index)).actions[0, 0]
        return actions


class _Episodes:
    """Reads what a World knows of its environments: arrays or tensors with several leading dimensions.

    Args:
        robot: its sensors.
        goal_sensor: what measures the goal; empty: an image of the first camera shows it.
    """

    def __init__(self, robot: RobotSpec, goal_sensor: str) -> None:
        self._robot, self._goal_sensor = robot, goal_sensor

    def step(self, info: Mapping[str, Any], index: int) -> int:
        """Return the control steps since the reset of environment `index`."""
        return int(self._newest(info, STEP, index, 0)) if STEP in info else 0

    def observation(self, info: Mapping[str, Any], index: int) -> Observation:
        """Return what environment `index` senses."""
        stamp_ns = self.step(info, index) * self._robot.step_ns
        readings = {}
        for name in self._robot.sensors:
            dimensions = 3 if name in {camera.name for camera in self._robot.images} else 1
            value = self._newest(info, name, index, dimensions)
            readings[name] = Reading(value, stamp_ns, stamp_ns)
        return Observation(readings)

    def goal(self, info: Mapping[str, Any], index: int) -> Goal:
        """Return the goal of environment `index`."""
        if self._goal_sensor:
            return Goal(vectors={self._goal_sensor: self._newest(info, GOAL, index, 1)})
        return Goal(images={self._robot.camera.name: self._newest(info, GOAL, index, 3)})

    def _newest(self, info: Mapping[str, Any], name: str, index: int, dimensions: int) -> NDArray[Any]:
        if name not in info:
            raise ObservationError(f"info: got {sorted(info)}, expected {name!r} as well")
        value = np.asarray(info[name][index])
        while value.ndim > dimensions:  # copies of a solver's candidates, and times
            value = value[-1]
        return value


def load_cost_model(
    robot: str = "panda", task: str = "reach", path: str | Path | None = None, **settings: Any
) -> CostModel:
    """Load a world model for the solvers of stable-worldmodel, such as `CEMSolver(model)`.

    Args:
        robot: as for `load_model`.
        task: as for `load_model`.
        path: as for `load_model`.
        settings: of config/planner.yaml, as for `load_planner`; those of the cost count.

    Raises:
        ConfigError: an unknown setting, or one out of range; or the extra `sim` is missing.
        JudgementError: the model is expected to fail; `judged=False` takes it all the same.
        ModelFileError, ContractError: as `load_model`.
    """
    configuration = Configuration.load(robot, task, {"planner": settings})
    model = load_model(robot, task, path)
    check_may_plan(model.contract, configuration.planner, str(path or configuration.shipped_model))
    return CostModel(model, configuration.spec, configuration.planner, _goal_sensor(configuration))


def load_policy(
    robot: str = "panda", task: str = "reach", path: str | Path | None = None, **settings: Any
) -> PlannerPolicy:
    """Load our planner as a policy of stable-worldmodel's World: `world.set_policy(policy)`.

    Args:
        robot: as for `load_model`.
        task: as for `load_model`.
        path: as for `load_model`.
        settings: of config/planner.yaml, as for `load_planner`.

    Raises:
        ConfigError, JudgementError, ModelFileError, ContractError: as `load_planner`.
    """
    configuration = Configuration.load(robot, task)

    def make_planner() -> Planner:
        return load_planner(robot, task, path, **settings)

    return PlannerPolicy(make_planner, configuration.spec, _goal_sensor(configuration))


def _goal_sensor(configuration: Configuration) -> str:
    require("sim")
    from ami_ros.sim.tasks.by_name import load_task

    return load_task(configuration.task, configuration.spec).goal_sensor
