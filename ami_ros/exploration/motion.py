# SPDX-License-Identifier: Apache-2.0
"""Random values that are smooth in time, with or without an attraction to a target."""

from __future__ import annotations

import math

import numpy as np

from ami_ros.types import FloatArray


def ornstein_uhlenbeck(
    value: FloatArray,
    middle: FloatArray | float,
    std: FloatArray | float,
    keep: float,
    generator: np.random.Generator,
) -> FloatArray:
    """Return the value (A,) one step later.

    Args:
        value: current value (A,).
        middle: (A,) mean of the process.
        std: (A,) standard deviation from it.
        keep: step-to-step correlation.
        generator: random numbers.

    Source: Uhlenbeck and Ornstein, "On the theory of the Brownian motion" (1930), discretised.
    """
    noise = generator.normal(size=len(value)) * std
    away: FloatArray = keep * (value - middle) + math.sqrt(1.0 - keep**2) * noise
    return middle + away


class DrawnMotion:
    """Speeds that wander around those toward a target, and start at rest.

    Args:
        fastest: (A,) bound of each speed.
        wander: std of the random part, share of `fastest`.
        correlation_s: correlation time of the random part, s.
        step_s: duration of a control step, s.
        generator: random numbers.

    Attributes:
        now: the newest speeds (A,).
        pace: the newest bound, share of `fastest`.
    """

    def __init__(
        self,
        fastest: FloatArray,
        wander: float,
        correlation_s: float,
        step_s: float,
        generator: np.random.Generator,
    ) -> None:
        self._fastest, self._std = fastest, wander * fastest
        self._keep, self._generator = math.exp(-step_s / correlation_s), generator
        self.rest()

    def rest(self) -> None:
        """Stand still; the next speeds start from rest."""
        self.now: FloatArray = np.zeros(len(self._fastest))
        self.pace = 0.0

    def next(self, wanted: FloatArray, pace: float) -> FloatArray:
        """Return the next speeds (A,), around `wanted` (A,), up to `pace`, share of `fastest`."""
        self.pace = max(pace, self._keep * self.pace)  # slows down as smoothly as it wanders
        speeds = ornstein_uhlenbeck(self.now, wanted, pace * self._std, self._keep, self._generator)
        return self.went(np.clip(speeds, -self.pace * self._fastest, self.pace * self._fastest))

    def went(self, speeds: FloatArray) -> FloatArray:
        """Continue from the speeds (A,) that were finally requested, and return them."""
        self.now = speeds
        return speeds
