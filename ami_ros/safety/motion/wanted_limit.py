# SPDX-License-Identifier: Apache-2.0
"""The interface of a limit on the wanted velocity."""

from __future__ import annotations

from typing import Protocol

from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.types import FloatArray, Verdict

NOTICEABLE = 1e-6  # rad/s or m/s: less is rounding, not a limit


class WantedLimit(Protocol):
    """One kind of limit on the wanted velocity, applied before the search for a step."""

    def limit(self, state: ChannelState, wanted: FloatArray) -> tuple[FloatArray, Verdict]:
        """Return the nearest velocity (C,) that the limit allows, and LIMITED if it differs.

        Args:
            state: commanded now.
            wanted: (C,) velocity, finite.
        """
