# SPDX-License-Identifier: Apache-2.0
"""Walls, doors, the agent and its double: a plane of 224 px without mass."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray, ImageArray

# All in px of the full picture; x to the right, y down.
SIDE = 224
BORDER, MIDDLE, THICK = 14.0, 112.0, 10.0  # outer walls, where the inner walls cross, their thickness
DOOR = 16.0  # width
# The middle of each door: in the upper, lower, left and right half wall.
DOORS = np.array([[MIDDLE, 56.0], [MIDDLE, 168.0], [56.0, MIDDLE], [168.0, MIDDLE]])
RADIUS = 3.5  # of agent and double
SPEED = 2.5  # per step at full action
JUMP_STEPS = 35.0  # mean, until the double jumps
OPEN = -1  # index of the closed door when all are open
RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)
SHIFT = 4  # fractional bits of drawn dots


def is_free(places: FloatArray, closed: int = OPEN, radius: float = RADIUS) -> NDArray[np.bool_]:
    """Return whether discs at places (N, 2) touch no wall (N,).

    Args:
        places: px.
        closed: index of the closed door, or OPEN.
        radius: of the discs, px.
    """
    inside: NDArray[np.bool_] = np.all((places > BORDER + radius) & (places < SIDE - BORDER - radius), axis=1)
    reach = 0.5 * THICK + radius
    in_wall = np.abs(places - MIDDLE) < reach  # (N, 2): of the vertical wall, of the horizontal one
    room = 0.5 * DOOR - radius
    for wall, doors in ((0, (0, 1)), (1, (2, 3))):
        along = places[:, 1 - wall]
        passed = np.zeros(len(places), dtype=bool)
        for door in doors:
            if door != closed:
                passed |= np.abs(along - DOORS[door, 1 - wall]) < room
        inside &= ~in_wall[:, wall] | passed
    return inside


def moved(place: FloatArray, action: FloatArray, closed: int) -> FloatArray:
    """Return where a disc (2,) is one step later: it slides along a wall that it cannot pass."""
    way = np.clip(action, -1.0, 1.0) * SPEED
    for part in (way, way * [1.0, 0.0], way * [0.0, 1.0]):
        if is_free((place + part)[None], closed)[0]:
            return place + part
    return place


def free_place(generator: np.random.Generator, closed: int = OPEN) -> FloatArray:
    """Return a random place (2,), in no doorway."""
    while True:
        place = generator.uniform(BORDER + RADIUS, SIDE - BORDER - RADIUS, 2)
        in_doorway = (np.abs(place - MIDDLE) < 0.5 * THICK + RADIUS).any()
        if is_free(place[None], closed)[0] and not in_doorway:
            return place


def room_of(place: FloatArray) -> tuple[int, int]:
    """Return the column and the row, 0 or 1, of the room that a place is in."""
    return int(place[0] > MIDDLE), int(place[1] > MIDDLE)


@dataclass
class FourRoom:
    """One episode: where the agent and its double are.

    Attributes:
        agent: (2,) px.
        double: (2,) px.
        closed: index of the closed door, or OPEN.
    """

    agent: FloatArray
    double: FloatArray
    closed: int

    def step(self, action: FloatArray, of_double: FloatArray, generator: np.random.Generator) -> None:
        """Run one step: each moves by its action (2,) in [-1, 1], and the double may jump."""
        self.agent = moved(self.agent, action, self.closed)
        self.double = moved(self.double, of_double, self.closed)
        if generator.random() < 1.0 / JUMP_STEPS:
            self.double = free_place(generator, self.closed)

    def image(self, side: int = SIDE) -> ImageArray:
        """Return the picture (side, side, 3): drawn at 224 px, then averaged."""
        picture = walls(self.closed).copy()
        for place in (self.double, self.agent):
            centre = np.round(place * 2**SHIFT).astype(int).tolist()
            cv2.circle(picture, centre, round(RADIUS * 2**SHIFT), RED, cv2.FILLED, cv2.LINE_AA, SHIFT)
        if side == SIDE:
            return picture
        return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


@functools.cache
def walls(closed: int) -> ImageArray:
    """Return the picture (224, 224, 3) of the empty rooms: a shared array, to be copied."""
    picture = np.full((SIDE, SIDE, 3), WHITE, dtype=np.uint8)
    border, low, high = round(BORDER), round(MIDDLE - THICK / 2), round(MIDDLE + THICK / 2)
    picture[:, low:high] = picture[low:high] = BLACK
    for door, (x, y) in enumerate(DOORS):
        if door != closed:
            half = round(DOOR / 2)
            rows = slice(int(y) - half, int(y) + half) if x == MIDDLE else slice(low, high)
            columns = slice(low, high) if x == MIDDLE else slice(int(x) - half, int(x) + half)
            picture[rows, columns] = WHITE
    for edge in (slice(0, border), slice(SIDE - border, SIDE)):
        picture[edge] = picture[:, edge] = BLACK
    return picture
