# SPDX-License-Identifier: Apache-2.0
"""Task drive: be where and how the goal image shows the base."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.driving import DrivingTo, RandomDriving
from ami_ros.sim.tasks.far_apart import far_apart
from ami_ros.sim.tasks.poses import PoseTolerance, base_in_area, pose_inside
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import TOLERANCES
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray


@dataclass(frozen=True)
class Settings:
    """Settings of a task of kind drive."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    minimum_travel: float = setting("least error at the start, in tolerances", ge=0.0, le=1e6)
    distance_tolerance: float = setting("distance that counts as an error of 1", gt=0.0, le=100.0, unit="m")
    angle_tolerance_deg: float = setting("turn that counts as an error of 1", gt=0.0, le=180.0, unit="deg")
    margin: float = setting(
        "between the base's circle, at start and goal, and the area's border", ge=0.0, le=100.0, unit="m"
    )


class Task:
    """Seeded starts and goals, uniform in the base's area, with any heading.

    Args:
        spec: a base with an area.
        settings: of the task.

    Raises:
        ConfigError: they do not fit the body.
    """

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        self._spec, self._settings = spec, settings
        self._base, self._area = base_in_area("drive", spec)
        self._room = self._base.radius + settings.margin
        self._tolerance = PoseTolerance(
            settings.distance_tolerance, math.radians(settings.angle_tolerance_deg)
        )
        self.goal_sensor, self.yardstick = "", TOLERANCES
        self.episode_steps, self.goal_is_posture = settings.episode_steps, False
        self._pose(np.random.default_rng(0))  # report an area without room before anything starts

    def furnish(self, scene: Stage) -> None:
        """Nothing is added to the yard."""

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine.

        Raises:
            ConfigError: no start and goal are far enough apart.
        """
        generator = np.random.default_rng(seed)
        start, goal = far_apart(
            lambda: self._pose(generator), self._tolerance.error, self._settings.minimum_travel
        )
        return Episode(start, goal, goal)

    def _pose(self, generator: np.random.Generator) -> FloatArray:
        """Return a pose (3,) whose circle is inside the area."""
        if (pose := pose_inside(generator, self._area, self._room)) is not None:
            return pose
        raise ConfigError(
            f"drive: {self._spec.name}: got an area with no place {self._room:.3g} m from its border, "
            "expected one for the base with its margin; widen base.keep_in, or lower the task's margin"
        )

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true distance or turn from the goal, whichever is more, in tolerances."""
        return self._tolerance.error(scene.body()["pose"], episode.goal_position)

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Start anywhere in the area, with any heading."""
        start = self._pose(generator)
        return Episode(start, start, start)

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Drive about aimlessly."""
        return RandomDriving(self._spec, self._base, settings, generator)

    def oracle(self, episode: Episode) -> Motion | None:
        """Drive to the goal with the truth in sight."""
        near = self._tolerance
        return DrivingTo(self._spec, episode.goal_position, near.distance, near.angle)
