# SPDX-License-Identifier: Apache-2.0
"""Where a proposal wants the robot to be at a given time."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray, Trajectory


def reference(proposal: Trajectory, now_ns: int) -> tuple[FloatArray, FloatArray]:
    """Return position (J,) and velocity (J,) of `proposal` at `now_ns`.

    Linear between points; before the first and after the last point it stands still.
    """
    times = proposal.time_from_start_ns
    elapsed = now_ns - proposal.stamp_ns
    after = int(np.searchsorted(times, elapsed, side="right"))
    if after == 0 or after == len(times):
        return proposal.positions[min(after, len(times) - 1)], np.zeros(proposal.positions.shape[1])
    start, end = proposal.positions[after - 1], proposal.positions[after]
    span_ns = int(times[after] - times[after - 1])
    velocity = (end - start) / (span_ns / 1e9)
    return start + (end - start) * ((elapsed - int(times[after - 1])) / span_ns), velocity
