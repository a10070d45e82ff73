# SPDX-License-Identifier: Apache-2.0
"""Task setpoint: bring the readings of one vector sensor to given values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import ProcessSimulation
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.channel_motion import ChannelMotion
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.far_apart import far_apart
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import TOLERANCES
from ami_ros.sim.world.world import World
from ami_ros.types import FloatArray


@dataclass(frozen=True)
class Settings:
    """Settings of a task of kind setpoint."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    goal_sensor: str = setting("vector sensor whose values are wanted")
    tolerance: tuple[float, ...] = setting(
        "difference of each value that counts as an error of 1, in its unit", gt=0.0
    )
    minimum_travel: float = setting("least error at the start, in tolerances", ge=0.0, le=1e6)


class Task:
    """Seeded starts at rest, and reachable goals: the steady state of random set points.

    Args:
        spec: a body whose simulation is a process.
        settings: of the task.

    Raises:
        ConfigError: they do not fit the body.
    """

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        if not isinstance(spec.simulation, ProcessSimulation):
            raise ConfigError(
                f"setpoint: {spec.name} has kind: {spec.simulation.kind}, expected kind: process"
            )
        sensors = spec.simulation.sensors
        if settings.goal_sensor not in sensors:
            raise ConfigError(f"goal_sensor: got {settings.goal_sensor!r}, expected one of {list(sensors)}")
        self._sensor, self._spec = sensors[settings.goal_sensor], spec
        if len(settings.tolerance) != len(self._sensor.offset):
            raise ConfigError(
                f"tolerance: got {list(settings.tolerance)}, expected one for each of the "
                f"{len(self._sensor.offset)} values of {settings.goal_sensor}"
            )
        self._tolerance, self._least = np.array(settings.tolerance), settings.minimum_travel
        self.episode_steps, self.goal_sensor = settings.episode_steps, settings.goal_sensor
        self.goal_is_posture, self.yardstick = False, TOLERANCES
        span = (np.abs(self._sensor.gain) @ (2.0 * spec.actions.half_range) / self._tolerance).max()
        if settings.minimum_travel > 0.5 * span:
            raise ConfigError(
                f"minimum_travel: got {settings.minimum_travel} tolerances, expected at most "
                f"{0.5 * span:.3g}: half of what the channels can change in {settings.goal_sensor}"
            )

    def furnish(self, scene: World) -> None:
        """Nothing is added to a process."""

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine.

        Raises:
            ConfigError: no start and goal are far enough apart.
        """
        generator = np.random.default_rng(seed)
        start, goal = far_apart(lambda: self._draw(generator), self._far, self._least)
        return Episode(start, goal, self._ends(start, goal)[1])

    def _far(self, start: FloatArray, goal: FloatArray) -> float:
        before, after = self._ends(start, goal)
        return self._in_tolerances(after - before)

    def _ends(self, start: FloatArray, goal: FloatArray) -> FloatArray:
        return self._sensor.steady(np.stack([start, goal]))

    def _in_tolerances(self, away: FloatArray) -> float:
        return float((np.abs(away) / self._tolerance).max())

    def _draw(self, generator: np.random.Generator) -> FloatArray:
        return self._spec.actions.in_units(generator.uniform(-1.0, 1.0, size=self._spec.action_size))

    def error(self, scene: World, episode: Episode) -> float:
        """Return the largest true difference from the wanted values, in tolerances."""
        return self._in_tolerances(scene.truth()[self.goal_sensor] - episode.goal_position)

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Start at the steady state of any set points; commands begin at home, like the gate's."""
        start = self._draw(generator)
        return Episode(start, start, self._sensor.steady(start))

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Move the channels aimlessly."""
        return ChannelMotion(self._spec.actions, settings, generator, self._spec.home)

    def oracle(self, episode: Episode) -> Motion | None:
        """Request the set points that lead to the goal, at once."""
        return Constant(episode.goal)


class Constant:
    """The same action, over and over."""

    def __init__(self, action: FloatArray) -> None:
        self._action = action

    def next(self, scene: World) -> FloatArray:
        """Return the action (A,)."""
        return self._action.copy()
