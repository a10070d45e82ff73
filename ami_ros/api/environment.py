# SPDX-License-Identifier: Apache-2.0
"""A gymnasium environment of any robot and task, with the safety gate inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.configuration import Configuration
from ami_ros.errors import ConfigError
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.loop.episode import SimEpisode
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world
from ami_ros.system.extras import require
from ami_ros.types import FloatArray, Goal, Observation

require("gym", "sim")
import gymnasium  # noqa: E402, where it is missing, the line above says how to get it
from gymnasium import spaces  # noqa: E402

GOAL = "goal"


class RobotEnv(gymnasium.Env[dict[str, Any], FloatArray]):
    """One control step per `step`: the action goes through the gate, as on a robot.

    An observation has each sensor by its name, and ``goal``: what the first camera shall see, or what the
    task's sensor shall measure. `info` has the true ``error`` and whether it is a ``success`` (the reward is
    minus the error, in the task's unit), and ``levels``: the gate's ticks by verdict level.

    Args:
        robot: name of a file in config/robots, or a path.
        task: name of a file in config/tasks, or a path.
        gated: False follows actions to the letter.
        map_: one of the task's maps; empty: as its file says.

    Attributes:
        robot: its description.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012, gymnasium's own declaration

    def __init__(self, robot: str = "panda", task: str = "reach", gated: bool = True, map_: str = "") -> None:
        configuration = Configuration.load(robot, task)
        self.robot: RobotSpec = configuration.spec
        self.render_mode = "rgb_array" if self.robot.images else None
        self._task = load_task(configuration.task, self.robot, map_)
        self._world = open_world(self.robot, configuration.sim.physics_hz)
        self._episode = SimEpisode(self._world, self._task)
        self._loop = StepLoop(self._world, self.robot, configuration.safety, gated)
        actions = self.robot.actions
        self.action_space = spaces.Box(actions.low, actions.high, dtype=np.float64)
        sensed: dict[str, spaces.Space[Any]] = {name: _space(self.robot, name) for name in self.robot.sensors}
        goal = self._task.goal_sensor or self.robot.camera.name
        self.observation_space = spaces.Dict({**sensed, GOAL: _space(self.robot, goal)})
        self._observation: Observation | None = None
        self._goal: Goal | None = None

    @property
    def observation(self) -> Observation:
        """The last observation, as planners take it. Raises ConfigError before `reset`."""
        if self._observation is None:
            raise ConfigError("got no episode, expected reset() first")
        return self._observation

    @property
    def goal(self) -> Goal:
        """The goal of the episode, as planners take it. Raises ConfigError before `reset`."""
        if self._goal is None:
            raise ConfigError("got no episode, expected reset() first")
        return self._goal

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin the episode of `seed`, the same on every machine; without one, of a seed drawn at random.

        Raises:
            KinematicsError: the start or the goal cannot be reached.
        """
        super().reset(seed=seed)
        number = int(self.np_random.integers(2**31)) if seed is None else seed
        self._goal = self._episode.reset(number, Perturbation())
        self._loop.restart()
        return self._look()

    def step(self, action: FloatArray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Propose an action (A,) in the channels' units, and let one control step pass.

        Raises:
            ConfigError: called before `reset`, or another shape, or a number that is not finite.
        """
        observation = self.observation
        wanted = np.asarray(action, dtype=np.float64)
        if wanted.shape != (self.robot.action_size,) or not np.isfinite(wanted).all():
            raise ConfigError(
                f"step: got {np.array2string(wanted, threshold=8)}, expected {self.robot.action_size} finite "
                f"numbers, one for each of {list(self.robot.actions.names)}"
            )
        block = np.tile(wanted, (1, self.robot.action_block, 1))
        self._loop.act(block, observation)
        self._episode.finish_step()
        seen, info = self._look()
        return seen, -info["error"], False, self._episode.step >= self._task.episode_steps, info

    def render(self) -> Any:
        """Return what the first camera sees (H, W, 3) uint8; None for a body without one."""
        return self._world.image() if self.robot.images else None

    def close(self) -> None:
        """Free the simulator. Safe to call twice."""
        self._world.close()

    def _look(self) -> tuple[dict[str, Any], dict[str, Any]]:
        self._observation = self._world.observe()
        error = self._episode.error
        seen = {name: reading.value for name, reading in self._observation.readings.items()}
        goal = self.goal.vectors or self.goal.images
        info = {
            "error": float(error),
            "success": bool(error <= self._task.yardstick.loosest.error),
            "levels": dict(self._loop.levels),
        }
        return {**seen, GOAL: goal[self._task.goal_sensor or self.robot.camera.name].copy()}, info


def make_env(robot: str = "panda", task: str = "reach", gated: bool = True, map_: str = "") -> RobotEnv:
    """Return a gymnasium environment; arguments as for `RobotEnv`.

    Raises:
        ConfigError: no such robot, task or map.
    """
    return RobotEnv(robot, task, gated, map_)


def _space(spec: RobotSpec, name: str) -> spaces.Box:
    sensor = spec.sensors[name]
    if isinstance(sensor, ImageSensor):
        return spaces.Box(0, 255, (sensor.height, sensor.width, 3), dtype=np.uint8)
    return spaces.Box(-np.inf, np.inf, (sensor.size,), dtype=np.float64)
