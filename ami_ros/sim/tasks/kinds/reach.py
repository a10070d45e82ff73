# SPDX-License-Identifier: Apache-2.0
"""Task reach: move the tip to where the goal image shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.body.kinematics import Kinematics, first_reachable
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.random_motion import RandomMotion
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import METRES
from ami_ros.sim.world.world import Stage


@dataclass(frozen=True)
class Settings:
    """Settings of a task of kind reach."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    minimum_travel: float = setting("least distance from start to goal", ge=0.0, le=1.0, unit="m")


class Task:
    """Seeded starts and goals, uniform in the workspace box, at least `minimum_travel` apart."""

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        self._spec = spec
        self._settings = settings
        self.goal_sensor, self.yardstick = "", METRES
        self.episode_steps, self.goal_is_posture = settings.episode_steps, True
        self._kinematics = Kinematics(spec)
        # From the middle of the box nothing in it is further away than this: draws of goals would never end.
        furthest = float(np.linalg.norm(spec.workspace[1] - spec.workspace[0])) / 2
        if settings.minimum_travel > 0.9 * furthest:
            raise ConfigError(
                f"minimum_travel: got {settings.minimum_travel} m, expected at most {0.9 * furthest:.3g} m "
                f"in the workspace of {spec.name}"
            )

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine.

        Raises:
            KinematicsError: 100 draws gave no start and goal that the robot can reach.
        """
        generator = np.random.default_rng(seed)
        return first_reachable(lambda: self._draw(generator))

    def _draw(self, generator: np.random.Generator) -> Episode:
        start = self._spec.random_tip(generator)
        goal = start
        while np.linalg.norm(goal - start) < self._settings.minimum_travel:
            goal = self._spec.random_tip(generator)
        joints = self._kinematics.solve(goal)
        return Episode(self._kinematics.solve(start), joints, self._kinematics.forward(joints)[0])

    def furnish(self, scene: Stage) -> None:
        """Nothing stands on the table."""

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true distance of the tip from the goal, m."""
        return float(np.linalg.norm(scene.truth()["tip"] - episode.goal_position))

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Start anywhere in the box."""
        start = self._kinematics.draw(generator)
        return Episode(start, start, self._kinematics.forward(start)[0])

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Move aimlessly."""
        return RandomMotion(self._spec, settings, generator)

    def oracle(self, episode: Episode) -> Motion | None:
        """Return None: the inverse model, which needs no truth, is the baseline."""
        return None
