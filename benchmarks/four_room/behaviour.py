# SPDX-License-Identifier: Apache-2.0
"""Behaviours in the four rooms: an explorer, and an unsteady expert that goes to goals."""

from __future__ import annotations

import itertools
import math

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.four_room.world import DOORS, MIDDLE, SPEED, THICK, free_place, room_of

TURN_CORRELATION = 0.995  # of an explorer's heading rate, from step to step
TURN_STD = 0.15  # rad per step
SWITCH_STEPS = 50.0  # mean, until it changes direction
ACTION_NOISE, REPEATED = 1.0, 0.05  # of the expert in training data: std, and share of repeated actions
AT_GOAL = 4.0  # px
BEFORE_DOOR = 0.5 * THICK + 8.0  # px from the wall's middle, start and end of a way through a door


class Explorer:
    """Walks in long arcs, and changes direction at times."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._heading, self._rate = generator.uniform(-math.pi, math.pi), 0.0

    def action(self) -> FloatArray:
        """Return the next action (2,) in [-1, 1]."""
        noise = self._generator.normal() * TURN_STD * math.sqrt(1.0 - TURN_CORRELATION**2)
        self._rate = TURN_CORRELATION * self._rate + noise
        self._heading += self._rate
        if self._generator.random() < 1.0 / SWITCH_STEPS:
            self._heading = self._generator.uniform(-math.pi, math.pi)
        return np.array([math.cos(self._heading), math.sin(self._heading)])


class Expert:
    """Takes the shortest way to a goal through open doors.

    Args:
        goal: (2,) px.
        closed: index of the closed door, or OPEN.
    """

    def __init__(self, goal: FloatArray, closed: int) -> None:
        self._goal, self._closed = goal, closed

    def action(self, place: FloatArray, held: int = 1) -> FloatArray:
        """Return the action (2,) in [-1, 1] at a place (2,), to be held for some steps."""
        first = shortest(place, self._goal, self._closed)[0]
        return np.clip((first - place) / (SPEED * held), -1.0, 1.0)

    def steps(self, place: FloatArray) -> float:
        """Return the least number of steps that the way takes."""
        at, total = place, 0.0
        for station in shortest(place, self._goal, self._closed):
            total += float(np.abs(station - at).max())  # each axis has its own speed
            at = station
        return total / SPEED


def shortest(place: FloatArray, goal: FloatArray, closed: int) -> list[FloatArray]:
    """Return the places (2,) to pass, the goal last: before and behind each door on the way."""
    best, best_length = [goal], math.inf
    for doors in _ways(room_of(place), room_of(goal), closed):
        stations: list[FloatArray] = []
        at = place
        for door in doors:
            stations += _through(at, door)
            at = stations[-1]
        stations.append(goal)
        while len(stations) > 1 and np.abs(stations[0] - place).max() < 1.0:
            stations.pop(0)
        corners = [place, *stations]
        length = sum(float(np.hypot(*(b - a))) for a, b in itertools.pairwise(corners))
        if length < best_length:
            best, best_length = stations, length
    return best


def _through(place: FloatArray, door: int) -> list[FloatArray]:
    """Return the places before and behind a door, seen from a place; only the latter from a doorway."""
    across = 0 if DOORS[door, 0] == MIDDLE else 1
    side = math.copysign(1.0, place[across] - MIDDLE)
    before, behind = DOORS[door].copy(), DOORS[door].copy()
    before[across] += side * BEFORE_DOOR
    behind[across] -= side * BEFORE_DOOR
    in_line = abs(place[1 - across] - DOORS[door, 1 - across]) < 1.5
    near = abs(place[across] - MIDDLE) <= BEFORE_DOOR + 1.0
    return [behind] if in_line and near else [before, behind]


def _ways(start: tuple[int, int], end: tuple[int, int], closed: int) -> list[list[int]]:
    """Return the doors of each way from room to room that passes no room twice."""
    found: list[list[int]] = []

    def go_on(room: tuple[int, int], seen: set[tuple[int, int]], doors: list[int]) -> None:
        if room == end:
            found.append(doors)
            return
        column, row = room
        for door, other in ((row, (1 - column, row)), (2 + column, (column, 1 - row))):
            if door != closed and other not in seen:
                go_on(other, seen | {other}, [*doors, door])

    go_on(start, {start}, [])
    return found


class UnsteadyExpert:
    """The expert of the training data: noisy actions, repeats, and a new goal after each."""

    def __init__(self, closed: int, generator: np.random.Generator) -> None:
        self._closed, self._generator = closed, generator
        self._goal, self._last = free_place(generator, closed), np.zeros(2)

    def action(self, place: FloatArray) -> FloatArray:
        """Return the next action (2,) in [-1, 1] at a place (2,)."""
        if np.hypot(*(self._goal - place)) < AT_GOAL:
            self._goal = free_place(self._generator, self._closed)
        if self._generator.random() >= REPEATED:
            noise = self._generator.normal(size=2) * ACTION_NOISE
            self._last = np.clip(Expert(self._goal, self._closed).action(place) + noise, -1.0, 1.0)
        return self._last
