# SPDX-License-Identifier: Apache-2.0
"""The steady engine, new, with its usual nozzle and bleed: demands and schedules are made of it."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.turbofan.atmosphere import ambient, total_ratios
from benchmarks.turbofan.deck import LINE, Deck

OFFTAKE_W = 186_425.0  # of the high spool, for generators and pumps: 250 hp
SPEEDS, MACHS = np.linspace(2200.0, 4900.0, 19), np.linspace(0.0, 0.85, 9)
FLOWN_M = 11_500.0  # altitude at which Mach 0.8 is usual
USUAL = np.array([1.0, 0.04])  # nozzle and bleed
ROUNDS, SLOPE = 60, 1e-3
LARGEST = np.array([0.01, 0.1])  # change of the logarithms in a round


def steady(
    deck: Deck,
    low: FloatArray,
    air: tuple[FloatArray, FloatArray, FloatArray],
    knobs: FloatArray,
    health: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return speeds of the high spool (N,), rpm, and fuel (N,), kg/s, that hold low-spool speeds (N,)."""
    theta, delta = total_ratios(*air)
    root = np.sqrt(theta)
    high = np.interp(low / root, LINE[0], LINE[1]) * root
    fuel = np.interp(low / root, LINE[0], LINE[2]) * delta * root

    def surplus(logs: FloatArray) -> FloatArray:
        found = deck.at(np.stack([low, high * logs[:, 0]], axis=1), fuel * logs[:, 1], air, knobs, health)
        return np.stack([found.low_w, found.high_w - OFFTAKE_W], axis=1)

    factors = np.ones((len(low), 2))
    for _ in range(ROUNDS):
        here = surplus(factors)
        slope = [(surplus(factors * (1.0 + SLOPE * unit)) - here) / SLOPE for unit in np.eye(2)]
        change = -np.linalg.solve(np.stack(slope, axis=2), here[..., None])[..., 0]
        factors = factors * np.exp(np.clip(change, -LARGEST, LARGEST))
    return high * factors[:, 0], fuel * factors[:, 1]


class Rating:
    """Steady thrust and fuel by corrected low-spool speed and Mach number.

    Args:
        deck: the engine.
    """

    def __init__(self, deck: Deck) -> None:
        from scipy.interpolate import RegularGridInterpolator

        speed, mach = (part.ravel() for part in np.meshgrid(SPEEDS, MACHS, indexing="ij"))
        air = (*ambient(FLOWN_M * np.minimum(mach / 0.8, 1.0)), mach)
        theta, delta = total_ratios(*air)
        low, knobs, new = speed * np.sqrt(theta), np.tile(USUAL, (len(speed), 1)), np.ones(len(speed))
        high, fuel = steady(deck, low, air, knobs, new)
        found = deck.at(np.stack([low, high], axis=1), fuel, air, knobs, new)
        shape = (len(SPEEDS), len(MACHS))
        tables = {
            "thrust": found.thrust / delta,
            "ratio": fuel / found.p3 / np.sqrt(theta),
            "high": high / np.sqrt(theta),
            "fuel": fuel / delta / np.sqrt(theta),
        }
        self._tables = {
            name: RegularGridInterpolator(
                (SPEEDS, MACHS), it.reshape(shape), bounds_error=False, fill_value=None
            )
            for name, it in tables.items()
        }

    def of(self, name: str, speed: float, mach: float) -> float:
        """Return, corrected, `thrust`, N, `ratio` of fuel to P3, kg/s/Pa, `high` speed, rpm, `fuel`, kg/s."""
        return float(self._tables[name]((speed, mach)))

    def speed(self, thrust: float, mach: float) -> float:
        """Return the corrected low-spool speed, rpm, for a corrected thrust, N."""
        thrusts = self._tables["thrust"]((SPEEDS, np.full(len(SPEEDS), mach)))
        return float(np.interp(thrust, thrusts, SPEEDS))

    def speed_of_high(self, high: float, mach: float) -> float:
        """Return the corrected low-spool speed, rpm, at which the high spool turns so fast."""
        highs = self._tables["high"]((SPEEDS, np.full(len(SPEEDS), mach)))
        return float(np.interp(high, highs, SPEEDS))
