# SPDX-License-Identifier: Apache-2.0
"""What a task is to the simulator: what stands on the table, where it begins, and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.world.scene import NO_POSES, Scene
from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class Episode:
    """One start and goal.

    Attributes:
        start: (J,) joints at the start.
        goal: (J,) joints that the goal image shows.
        goal_position: (3,) m, where the thing that is judged shall be.
        start_objects: (M, 4) x, y, z in m and yaw in rad of each object at the start.
        goal_objects: (M, 4) in the goal image.
    """

    start: FloatArray
    goal: FloatArray
    goal_position: FloatArray
    start_objects: FloatArray = field(default_factory=lambda: NO_POSES)
    goal_objects: FloatArray = field(default_factory=lambda: NO_POSES)


class Motion(Protocol):
    """Moves the robot while data is collected."""

    def next(self, scene: Scene) -> FloatArray:
        """Return the next action (A,) in m/s; may look at the truth."""


class Task(Protocol):
    """Seeded episodes of one kind, and their judge.

    Attributes:
        episode_steps: control steps per episode.
        goal_is_posture: whether the joints in the goal image say all that is wanted.
    """

    episode_steps: int
    goal_is_posture: bool

    def furnish(self, scene: Scene) -> None:
        """Put the task's objects into a new scene."""

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine. Raises KinematicsError."""

    def error(self, scene: Scene, episode: Episode) -> float:
        """Return the true distance from the goal, m; for scoring only."""

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Return where an episode of training data begins."""

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Return how the robot moves in an episode of training data."""

    def oracle(self, episode: Episode) -> Motion | None:
        """Return a scripted solution that looks at the truth: the upper baseline; None if there is none."""
