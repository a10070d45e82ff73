# SPDX-License-Identifier: Apache-2.0
"""The fifty tasks of the benchmark: from a room to the one two rooms away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.four_room.behaviour import Expert
from benchmarks.four_room.recording import random_doors
from benchmarks.four_room.world import FourRoom, free_place, room_of

TASKS, SEED = 50, 7001
LONGEST = 75.0  # steps of an expert
MOST_STEPS = 210
REACHED = 16.0  # px


@dataclass(frozen=True, eq=False)
class RoomTask:
    """One task.

    Attributes:
        number: of the task; seeds the double.
        start: (2,) px.
        goal: (2,) px.
        closed: index of the closed door, or OPEN.
    """

    number: int
    start: FloatArray
    goal: FloatArray
    closed: int

    def generator(self) -> np.random.Generator:
        """Return the random numbers of the task, the same each time."""
        return np.random.default_rng([SEED, self.number])

    def begun(self, generator: np.random.Generator) -> FourRoom:
        """Return the world at the start."""
        return FourRoom(np.array(self.start), free_place(generator, self.closed), self.closed)

    def is_reached(self, place: FloatArray) -> bool:
        """Return whether a place (2,) counts as the goal."""
        return bool(np.hypot(*(self.goal - place)) < REACHED)


def fixed_tasks(count: int = TASKS, seed: int = SEED) -> list[RoomTask]:
    """Return the tasks of a seed: rooms that share no wall, near enough for the time limit.

    Tasks of `SEED` are for measurement; use other seeds for tuning.
    """
    generator = np.random.default_rng(seed)
    tasks: list[RoomTask] = []
    while len(tasks) < count:
        closed = random_doors(generator)
        start, goal = free_place(generator, closed), free_place(generator, closed)
        (column, row), (other_column, other_row) = room_of(start), room_of(goal)
        across = column != other_column and row != other_row
        if across and Expert(goal, closed).steps(start) <= LONGEST:
            tasks.append(RoomTask(len(tasks), start, goal, closed))
    return tasks
