# SPDX-License-Identifier: Apache-2.0
"""What every channel is commanded to be at one instant, and how it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class ChannelState:
    """A commanded state of C channels; for an arm these are its joints.

    Attributes:
        position: (C,) rad or m, or the unit of a set point.
        velocity: (C,) per second.
        acceleration: (C,) per second^2.
    """

    position: FloatArray
    velocity: FloatArray
    acceleration: FloatArray

    @classmethod
    def at_rest(cls, position: FloatArray) -> ChannelState:
        """Return standing still at `position` (C,)."""
        return cls(position, np.zeros_like(position), np.zeros_like(position))
