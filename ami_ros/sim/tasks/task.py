# SPDX-License-Identifier: Apache-2.0
"""A task in the simulator: what stands on the table, where it begins, and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.yardstick import Yardstick
from ami_ros.sim.world.world import Poses
from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class Episode:
    """One start and goal.

    Attributes:
        start: for the world's `reset`: joints of an arm (J,), the pose of a base (3,) as x, y in m and
            yaw in rad, else set points (C,).
        goal: the same at the goal.
        goal_position: (n,) target of the judged quantity: (3,) m, a pose, or values of a sensor.
        start_objects: name -> pose (4,) of each object at the start: x, y, z in m and yaw in rad.
        goal_objects: the same in the goal image.
        later_objects: the same after a move on the way; None: no move.
    """

    start: FloatArray
    goal: FloatArray
    goal_position: FloatArray
    start_objects: Poses = field(default_factory=dict)
    goal_objects: Poses = field(default_factory=dict)
    later_objects: Poses | None = None


class Motion(Protocol):
    """Moves the robot while data is collected; takes the world of its task."""

    def next(self, scene: Any) -> FloatArray:
        """Return the next action (A,) in the channels' units; may use the truth."""


@runtime_checkable
class NoisyMotion(Motion, Protocol):
    """Motion that noise and lapses change, so that data shows how to go on after them.

    Attributes:
        intended: (A,) the last action without them.
    """

    intended: FloatArray


class Task(Protocol):
    """Seeded episodes of one kind, and their judge; takes the world of its body.

    Attributes:
        episode_steps: control steps per episode.
        goal_is_posture: whether the joints in the goal image define the goal completely.
        goal_sensor: vector sensor whose values `Episode.goal_position` gives; "" where the goal is how the
            world looks with `Episode.goal`.
        yardstick: how its error is expressed, and what counts as success.
    """

    episode_steps: int
    goal_is_posture: bool
    goal_sensor: str
    yardstick: Yardstick

    def furnish(self, scene: Any) -> None:
        """Put the task's objects, each with a name, into a new world."""

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine. Raises KinematicsError."""

    def error(self, scene: Any, episode: Episode) -> float:
        """Return the true distance from the goal, in m or in terms of `yardstick`; for scoring only."""

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Return where an episode of training data begins."""

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Return how the robot moves in an episode of training data."""

    def oracle(self, episode: Episode) -> Motion | None:
        """Return a scripted solution with access to the truth, the upper baseline; None if there is none."""


@runtime_checkable
class VariedTask(Task, Protocol):
    """A task whose objects differ from episode to episode of training data."""

    def varied(self, generator: np.random.Generator) -> VariedTask:
        """Return the same task, perhaps with other objects of the same names."""

    def reshape(self, scene: Any) -> None:
        """Give the objects of a furnished world the shapes and colours that they have in this task."""
