# SPDX-License-Identifier: Apache-2.0
"""Aimless motion of directly commanded channels: set points, or the velocities of a base."""

from __future__ import annotations

from typing import Any

import numpy as np

from ami_ros.body.actions import ActionSpec
from ami_ros.exploration.motion import ornstein_uhlenbeck
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.types import FloatArray


class ChannelMotion:
    """Ornstein-Uhlenbeck values around a middle, within the channels' ranges.

    Each episode draws middle and amplitude again: set points that only wander around the middle of their
    range would leave its ends unexplored.

    Args:
        actions: the channels.
        settings: correlation and amplitude, the latter as a share of half the range.
        generator: random numbers.
        start: (A,) where the channels are.
    """

    def __init__(
        self,
        actions: ActionSpec,
        settings: CollectSettings,
        generator: np.random.Generator,
        start: FloatArray,
    ) -> None:
        self._keep, self._generator = settings.correlation, generator
        self._low, self._high = actions.centre - actions.half_range, actions.centre + actions.half_range
        self._middle = generator.uniform(self._low, self._high)
        self._std = generator.uniform(settings.amplitude[0], settings.amplitude[1]) * actions.half_range
        self._value = start.astype(np.float64)

    def next(self, scene: Any) -> FloatArray:
        """Return the next action (A,) in the channels' units; it bounces off the ends of the range."""
        value = ornstein_uhlenbeck(self._value, self._middle, self._std, self._keep, self._generator)
        value = np.where(value < self._low, 2.0 * self._low - value, value)
        value = np.where(value > self._high, 2.0 * self._high - value, value)
        self._value = np.clip(value, self._low, self._high)
        return self._value.copy()
