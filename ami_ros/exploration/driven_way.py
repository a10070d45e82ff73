# SPDX-License-Identifier: Apache-2.0
"""Commanded and driven way of a base between two moments."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ami_ros.exploration.steering import wrapped
from ami_ros.types import FloatArray


def commanded_way(names: Sequence[str], before: FloatArray, now: FloatArray, elapsed_s: float) -> FloatArray:
    """Return the way forward (m) and the turn (rad) (2,) at the mean of two channel velocities (C,)."""
    speeds = dict(zip(names, (0.5 * (before + now)).tolist(), strict=True))
    return np.array([speeds.get("vx", 0.0), speeds.get("wz", 0.0)]) * elapsed_s


def driven_way(before: FloatArray, now: FloatArray) -> FloatArray:
    """Return the way forward (m) and the turn (rad) (2,) from one pose (3,) to another."""
    turned = wrapped(float(now[2] - before[2]))
    yaw = float(before[2]) + 0.5 * turned
    along = (now[0] - before[0]) * math.cos(yaw) + (now[1] - before[1]) * math.sin(yaw)
    return np.array([along, turned])
