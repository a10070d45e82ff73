# SPDX-License-Identifier: Apache-2.0
"""Where unmeasured channels are: where the last proposal wanted them to be by now."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray, Trajectory


class LastProposed:
    """Remembers one proposal.

    Args:
        home: (C,) where commands begin.
    """

    def __init__(self, home: FloatArray) -> None:
        self._home = home
        self._last: Trajectory | None = None

    def remember(self, proposal: Trajectory) -> None:
        """Remember the proposal in force from now on."""
        self._last = proposal

    def forget(self) -> None:
        """Return to home, as after a reset."""
        self._last = None

    def at(self, time_ns: int, first: FloatArray | None = None) -> FloatArray:
        """Return where the channels are at a time (C,): linear between two points.

        Before the first proposal they are at `first` (C,), by default at home.
        """
        last = self._last
        if last is None or time_ns < last.stamp_ns:  # time began again: the proposal is from another run
            return self._home.copy() if first is None else first
        elapsed = float(time_ns - last.stamp_ns)
        times = last.time_from_start_ns.astype(np.float64)
        return np.array([np.interp(elapsed, times, column) for column in last.positions.T])
