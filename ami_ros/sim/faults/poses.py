# SPDX-License-Identifier: Apache-2.0
"""What a broken pose sensor of a base delivers. Pure: time comes with the stamps."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ami_ros.sim.faults.stuck_stream import Frozen, with_new_stamp
from ami_ros.sim.faults.vectors import Measured, VectorFault

SHARE = 1.0 / 3.0  # of the way: reported by a scaled pose
LEAP = (0.5, 1.5)  # m
LEAP_NS = 700_000_000  # from leap to leap

# A pose in a reading: columns of x, y (m) and yaw (rad).
Columns = tuple[int, ...]


def _scaled(generator: np.random.Generator, columns: Columns) -> VectorFault:
    del generator
    first: list[np.ndarray] = []
    yaw = columns[2]

    def tell(measured: Measured) -> list[Measured]:
        values, stamp_ns = measured
        first.append(values)
        way = values - first[0]
        way[yaw] = math.remainder(way[yaw], math.tau)
        del first[1:]
        return [(first[0] + SHARE * way, stamp_ns)]

    return tell


def _jumping(generator: np.random.Generator, columns: Columns) -> VectorFault:
    leap, due_ns = np.zeros(2), 0

    def tell(measured: Measured) -> list[Measured]:
        nonlocal leap, due_ns
        values, stamp_ns = measured[0].copy(), measured[1]
        if stamp_ns >= due_ns:
            far, angle = generator.uniform(*LEAP), generator.uniform(-math.pi, math.pi)
            leap, due_ns = leap + far * np.array([math.cos(angle), math.sin(angle)]), stamp_ns + LEAP_NS
        values[list(columns[:2])] += leap
        return [(values, stamp_ns)]

    return tell


def _repeated(generator: np.random.Generator, columns: Columns) -> VectorFault:
    del generator, columns
    return Frozen[Measured](with_new_stamp)


POSE_FAULTS: dict[str, Callable[[np.random.Generator, Columns], VectorFault]] = {
    "pose_frozen": _repeated,
    "pose_scaled": _scaled,
    "pose_jumps": _jumping,
    "odometry_repeated": _repeated,  # and all else in the message
}
