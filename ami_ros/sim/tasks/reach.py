# SPDX-License-Identifier: Apache-2.0
"""Task reach: move the tip to where the goal image shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.config import load_settings, setting
from ami_ros.embodiment import RobotSpec
from ami_ros.errors import ConfigError, KinematicsError
from ami_ros.kinematics import Kinematics
from ami_ros.share import config_path
from ami_ros.types import FloatArray


@dataclass(frozen=True)
class ReachSettings:
    """config/tasks/reach.yaml."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    minimum_travel: float = setting("least distance from start to goal", ge=0.0, le=1.0, unit="m")


def load_reach_settings(task: str) -> ReachSettings:
    """Read config/tasks/<task>.yaml. Raises ConfigError."""
    return load_settings(ReachSettings, config_path("tasks", f"{task}.yaml"))


@dataclass(frozen=True, eq=False)
class Episode:
    """One start and goal: joints (J,) and the goal's tip position (3,) in m."""

    start: FloatArray
    goal: FloatArray
    goal_tip: FloatArray


class Reach:
    """Seeded starts and goals, uniform in the workspace box, at least `minimum_travel` apart."""

    def __init__(self, spec: RobotSpec, settings: ReachSettings) -> None:
        self._spec = spec
        self._settings = settings
        self._kinematics = Kinematics(spec)
        # From the middle of the box nothing in it is further away than this: goals would be drawn for ever.
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
        for _ in range(99):
            try:
                return self._draw(generator)
            except KinematicsError:  # a corner of the box may be too far out: draw again
                continue
        return self._draw(generator)

    def _draw(self, generator: np.random.Generator) -> Episode:
        start = self._spec.random_tip(generator)
        goal = start
        while np.linalg.norm(goal - start) < self._settings.minimum_travel:
            goal = self._spec.random_tip(generator)
        joints = self._kinematics.solve(goal)
        return Episode(self._kinematics.solve(start), joints, self._kinematics.forward(joints)[0])

    def error(self, episode: Episode, tip: FloatArray) -> float:
        """Return the true distance of `tip` (3,) from the goal, m."""
        return float(np.linalg.norm(tip - episode.goal_tip))
