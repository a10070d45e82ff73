# SPDX-License-Identifier: Apache-2.0
"""Aimless motion, smooth in time: what a robot can do before it knows anything."""

from __future__ import annotations

import numpy as np

from ami_ros.body.actions import AXES
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.exploration.motion import ornstein_uhlenbeck
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.world.world import World
from ami_ros.types import FloatArray


class RandomMotion:
    """Ornstein-Uhlenbeck tip velocities; each episode draws the amplitude again.

    Raises:
        ConfigError: channels that are no axes of the tip.
    """

    def __init__(self, spec: RobotSpec, settings: CollectSettings, generator: np.random.Generator) -> None:
        if not set(spec.actions.names) <= set(AXES):
            raise ConfigError(
                f"random motion: {spec.name} has action channels {list(spec.actions.names)}, expected some "
                f"of {list(AXES)}; of a robot with a gripper, the tasks pick, place and stack"
            )
        self._actions = spec.actions
        self._correlation = settings.correlation
        self._generator = generator
        self._std = generator.uniform(settings.amplitude[0], settings.amplitude[1]) * spec.max_tip_speed
        self._velocity = generator.normal(size=spec.action_size) * self._std
        axes = [AXES.index(axis) for axis in spec.actions.names]
        self._axes, self._lower, self._upper = axes, spec.workspace[0][axes], spec.workspace[1][axes]

    def next(self, scene: World) -> FloatArray:
        """Return the next action (A,) in m/s; bounces off the walls of the workspace box."""
        tip = scene.truth()["tip"][self._axes]
        self._velocity = ornstein_uhlenbeck(
            self._velocity, 0.0, self._std, self._correlation, self._generator
        )
        outward = ((tip < self._lower + 0.01) & (self._velocity < 0)) | (
            (tip > self._upper - 0.01) & (self._velocity > 0)
        )
        self._velocity = np.where(outward, -self._velocity, self._velocity)
        return np.clip(self._velocity, self._actions.low, self._actions.high)
