# SPDX-License-Identifier: Apache-2.0
"""A gymnasium environment of any robot and task, with the safety gate inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import EPISODE_FILES, FORMAT_VERSION, episode_path, write_episode
from ami_ros.episodes.manifest import claim
from ami_ros.errors import ConfigError
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.collect.film import Film
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
ENV_ID = "ami_ros/Robot-v0"


class RobotEnv(gymnasium.Env[dict[str, Any], FloatArray]):
    """One control step per `step`: the action goes through the gate, as on a robot.

    An observation has each sensor by its name, and ``goal``: what the first camera should see, or what the
    task's sensor should measure. `info` has the true ``error`` and whether it is a ``success`` (the reward is
    minus the error, in the task's unit), and ``levels``: the gate's ticks by verdict level.

    Args:
        robot: name of a file in config/robots, or a path.
        task: name of a file in config/tasks, or a path.
        gated: False follows actions to the letter.
        map_: one of the task's maps; empty: as its file says.
        terminate_on_success: end an episode at its first success; otherwise it has all its steps.
        record: folder that each finished episode is added to, as a data set for `ami-ros train`; None for
            none. Not by two environments at once.
        render_mode: ``rgb_array``, the only one; None: the same.

    Attributes:
        robot: its description.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012, gymnasium's own declaration

    def __init__(
        self,
        robot: str = "panda",
        task: str = "reach",
        gated: bool = True,
        map_: str = "",
        terminate_on_success: bool = False,
        record: str | Path | None = None,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ConfigError(f"render_mode: got {render_mode!r}, expected rgb_array or None")
        if record is not None and terminate_on_success:
            raise ConfigError(
                "got record and terminate_on_success, expected one of them: "
                "training takes episodes of equal length"
            )
        configuration = Configuration.load(robot, task)
        self.robot: RobotSpec = configuration.spec
        self.render_mode = "rgb_array" if self.robot.images else None
        self._terminates = terminate_on_success
        self._record = None if record is None else Path(record)
        self._image_size = configuration.model.image_size
        self._task = load_task(configuration.task, self.robot, map_)
        if self._record is not None:
            claim(self._record, _made_with(configuration, gated, map_))
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
        self._film: Film | None = None

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
        self._film = None if self._record is None else Film(self.robot, self._image_size)
        return self._look()

    def step(self, action: FloatArray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Propose an action (A,) in the channels' units, and let one control step pass.

        Raises:
            ConfigError: called before `reset`, or another shape, or a number that is not finite.
            OutputError: a finished episode cannot be written.
        """
        observation = self.observation
        wanted = np.asarray(action, dtype=np.float64)
        if wanted.shape != (self.robot.action_size,) or not np.isfinite(wanted).all():
            raise ConfigError(
                f"step: got {np.array2string(wanted, threshold=8)}, expected {self.robot.action_size} finite "
                f"numbers, one for each of {list(self.robot.actions.names)}"
            )
        block = np.tile(wanted, (1, self.robot.action_block, 1))
        if self._film is not None:
            self._film.act(wanted)
        self._loop.act(block, observation)
        self._episode.finish_step()
        seen, info = self._look()
        terminated = self._terminates and info["success"]
        truncated = self._episode.step >= self._task.episode_steps
        if terminated or truncated:
            self._write()
        return seen, -info["error"], terminated, truncated, info

    def render(self) -> Any:
        """Return what the first camera sees (H, W, 3) uint8; None for a body without one."""
        return self._world.image() if self.robot.images else None

    def close(self) -> None:
        """Free the simulator. Safe to call twice."""
        self._world.close()

    def _write(self) -> None:
        """Add the finished episode to the data set."""
        if self._record is not None and self._film is not None:
            written = len(list(self._record.glob(EPISODE_FILES)))
            write_episode(episode_path(self._record, written), self._film.episode())
        self._film = None

    def _look(self) -> tuple[dict[str, Any], dict[str, Any]]:
        self._observation = self._world.observe()
        if self._film is not None:
            self._film.see(self._observation, self._world.truth())
        error = self._episode.error
        seen = {name: reading.value for name, reading in self._observation.readings.items()}
        goal = self.goal.vectors or self.goal.images
        info = {
            "error": float(error),
            "success": bool(error <= self._task.yardstick.loosest.error),
            "levels": dict(self._loop.levels),
        }
        return {**seen, GOAL: goal[self._task.goal_sensor or self.robot.camera.name].copy()}, info


def make_env(
    robot: str = "panda",
    task: str = "reach",
    gated: bool = True,
    map_: str = "",
    terminate_on_success: bool = False,
    record: str | Path | None = None,
) -> RobotEnv:
    """Return a gymnasium environment; arguments as for `RobotEnv`.

    `gymnasium.make`, and a `World` of stable-worldmodel, know it by the name
    ``ami_ros.api.environment:ami_ros/Robot-v0``.

    Raises:
        ConfigError: no such robot, task or map.
        EpisodeError: the folder to record in holds episodes with other settings.
    """
    return RobotEnv(robot, task, gated, map_, terminate_on_success, record)


def _made_with(configuration: Configuration, gated: bool, map_: str) -> dict[str, object]:
    """Return all settings that determine the records, but for the actions."""
    task = configuration.task_file
    return {
        "format": FORMAT_VERSION,
        "made_by": ENV_ID,
        "robot": configuration.robot,
        "task": {**task.own_for(configuration.spec.name), **task.embodiment},
        "image_size": configuration.model.image_size,
        "physics_hz": configuration.sim.physics_hz,
        "gated": gated,
        "map": map_,
    }


def _space(spec: RobotSpec, name: str) -> spaces.Box:
    sensor = spec.sensors[name]
    if isinstance(sensor, ImageSensor):
        return spaces.Box(0, 255, (sensor.height, sensor.width, 3), dtype=np.uint8)
    return spaces.Box(-np.inf, np.inf, (sensor.size,), dtype=np.float64)


gymnasium.register(ENV_ID, entry_point=f"{__name__}:{RobotEnv.__name__}")
