# SPDX-License-Identifier: Apache-2.0
"""Actions beyond the range of their channel: which channel, its value, and what may be the cause."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from ami_ros.body.actions import ActionSpec
from ami_ros.types import FloatArray

TURN = 2.0 * math.pi  # rad: few joints have a wider range


class BeyondRange:
    """Collects the actions of an import that are too large.

    Args:
        actions: of the robot.
        convertible: whether an option of import converts the angles of this recording.
    """

    def __init__(self, actions: ActionSpec, convertible: bool) -> None:
        self._actions, self._convertible = actions, convertible
        self._worst: dict[int, float] = {}
        self._steps: Counter[int] = Counter()

    def take(self, action: FloatArray) -> str:
        """Take an action (A,) that is not within its range; return the channel that is furthest outside."""
        away = np.abs(self._actions.normalised(action))
        channel = int(np.argmax(np.where(np.isfinite(away), away, np.inf)))
        value = float(action[channel])
        self._steps[channel] += 1
        before = self._worst.get(channel)
        if before is None or self._away(channel, value) > self._away(channel, before):
            self._worst[channel] = value
        return self._actions.names[channel]

    def lines(self) -> list[str]:
        """Return a line for each channel, for people, the most frequent first."""
        return [self._line(channel, steps) for channel, steps in self._steps.most_common()]

    def _away(self, channel: int, value: float) -> float:
        return abs(value - float(self._actions.centre[channel]))

    def _line(self, channel: int, steps: int) -> str:
        about, value = self._actions.channels[channel], self._worst[channel]
        end = f"at most {about.high:g}" if value > about.high else f"at least {about.low:g}"
        what = f"{about.name}: {value:.4g}, {end} {about.unit} (in {steps} steps)"
        is_large = about.unit in ("rad", "rad/s") and abs(value) > max(TURN, about.high, -about.low)
        if is_large and self._convertible:
            return f"{what}: degrees? --degrees; percentages or ticks of a servo? --calibration FILE"
        return f"{what}: another robot's, or another unit? Else set the channel's range in the robot's YAML"
