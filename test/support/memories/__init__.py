# SPDX-License-Identifier: Apache-2.0
"""Moments to remember, made from a number."""

from __future__ import annotations

import numpy as np

from ami_ros.memory.moment import Moment

SIDE, WRIST, JOINTS, SPEEDS, STATE, ACTION = 16, 12, 7, 2, 24, 6
MODEL, OTHER = "a" * 64, "b" * 64


def moment(number: int, **changes: object) -> Moment:
    """One with two cameras and two vector sensors; the same for the same number."""
    random = np.random.default_rng(number)
    values: dict = {
        "stamp_ns": number * 100_000_000,
        "images": {
            "camera": random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8),
            "wrist": random.integers(0, 256, (WRIST, WRIST, 3), dtype=np.uint8),
        },
        "vectors": {
            "joints": random.normal(size=JOINTS).astype(np.float32),
            "odometry": random.normal(size=SPEEDS).astype(np.float32),
        },
        "state": random.normal(size=STATE).astype(np.float32),
        "action": random.uniform(-1, 1, ACTION).astype(np.float32),
        "distance": float(number),
        "surprise": 0.5,
        "verdict": "PASS",
    }
    return Moment(**(values | changes))
