# SPDX-License-Identifier: Apache-2.0
"""Profiles: a minute of a flight each, with altitude, Mach number, and the thrust that is demanded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray
from benchmarks.turbofan.atmosphere import ambient, total_ratios
from benchmarks.turbofan.limits import STEP_S, STEPS
from benchmarks.turbofan.rating import Rating

SLAM, MOVE = 300.0, 120.0  # rpm/s of the demanded corrected low-spool speed
IDLE, PER_MACH, TOP = 2450.0, 1400.0, 4550.0  # rpm, corrected: idle, more of it per Mach number, take-off
WORN = 0.005  # of the efficiency of the high-pressure compressor, at most


class Kind(NamedTuple):
    """A phase of a flight.

    Attributes:
        altitude_m: lowest and highest at the start.
        climb_ms: slowest and fastest climb.
        mach: lowest and highest at the start.
        mach_s: change per second.
        demand: shares of the way from idle to take-off between which the thrust lever is moved.
        stays_s: shortest and longest time that the lever stays.
        slams: whether it is moved as fast as an engine follows.
    """

    altitude_m: tuple[float, float]
    climb_ms: tuple[float, float]
    mach: tuple[float, float]
    mach_s: float
    demand: tuple[float, float]
    stays_s: tuple[float, float]
    slams: bool


KINDS = {
    "idle": Kind((0.0, 500.0), (0.0, 0.0), (0.0, 0.05), 0.0, (0.0, 0.25), (10.0, 20.0), False),
    "take-off": Kind((0.0, 500.0), (0.0, 8.0), (0.0, 0.1), 0.003, (0.75, 1.0), (25.0, 40.0), True),
    "climb": Kind((1000.0, 6000.0), (5.0, 15.0), (0.4, 0.6), 0.001, (0.7, 1.0), (10.0, 20.0), False),
    "cruise": Kind((8500.0, 11000.0), (0.0, 0.0), (0.72, 0.8), 0.0, (0.4, 0.9), (12.0, 25.0), False),
    "slams": Kind((0.0, 3000.0), (-5.0, 5.0), (0.1, 0.35), 0.0, (0.0, 1.0), (8.0, 15.0), True),
    "descent": Kind((2000.0, 8000.0), (-15.0, -5.0), (0.4, 0.65), -0.001, (0.0, 0.5), (10.0, 20.0), False),
}


class Profile(NamedTuple):
    """What happens in each control step, and what the engine is like.

    Attributes:
        kind: of `KINDS`.
        altitude_m: (N + 1,).
        mach: (N + 1,).
        speed: demanded corrected low-spool speed (N + 1,), rpm; nobody is told.
        thrust: what is demanded (N + 1,), corrected, N.
        moving: whether the demand moves in this step, or has moved in the 5 s before (N + 1,).
        health: of the high-pressure compressor, of its efficiency when new.
        air: static temperature, K, static pressure, Pa, and Mach number (N + 1, 3).
        ratios: theta and delta at the engine's face (N + 1, 2).
    """

    kind: str
    altitude_m: FloatArray
    mach: FloatArray
    speed: FloatArray
    thrust: FloatArray
    moving: NDArray[np.bool_]
    health: float
    air: FloatArray
    ratios: FloatArray


SETTLES_S = 5.0


def profile(rating: Rating, seed: int) -> Profile:
    """Return the profile of a seed; the kinds take turns."""
    generator = np.random.default_rng([61, seed])
    name = list(KINDS)[seed % len(KINDS)]
    kind, time_s = KINDS[name], STEP_S * np.arange(STEPS + 1)
    altitude = generator.uniform(*kind.altitude_m) + generator.uniform(*kind.climb_ms) * time_s
    mach = np.maximum(generator.uniform(*kind.mach) + kind.mach_s * time_s, 0.0)
    idle = IDLE + PER_MACH * float(mach[0])

    def drawn() -> float:
        return idle + (TOP - idle) * float(generator.uniform(*kind.demand))

    now = idle if name == "take-off" else drawn()
    wanted, left, fastest = now, float(generator.uniform(3.0, 6.0)), SLAM if kind.slams else MOVE
    speed, moved, since = np.empty(STEPS + 1), np.empty(STEPS + 1, dtype=bool), SETTLES_S
    for at in range(STEPS + 1):
        if left <= 0.0:
            wanted, left = drawn(), float(generator.uniform(*kind.stays_s))
            if name == "slams":
                low = now < 0.5 * (idle + TOP)
                wanted = idle + (TOP - idle) * float(generator.uniform(*((0.8, 1.0) if low else (0.0, 0.2))))
        left -= STEP_S
        change = float(np.clip(wanted - now, -fastest * STEP_S, fastest * STEP_S))
        now += change
        since = 0.0 if change else since + STEP_S
        speed[at], moved[at] = now, since < SETTLES_S
    thrust = np.array([rating.of("thrust", *pair) for pair in zip(speed, mach, strict=True)])
    health = 1.0 - WORN * float(generator.random())
    altitude = np.maximum(altitude, 0.0)
    around = np.stack([*ambient(altitude), mach], axis=1)
    ratios = np.stack(total_ratios(*around.T), axis=1)
    return Profile(name, altitude, mach, speed, thrust, moved, health, around, ratios)
