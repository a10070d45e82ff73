# SPDX-License-Identifier: Apache-2.0
"""Where an accepted proposal wants the robot to be, and how fast, at any time."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray, Trajectory


class Following:
    """Straight from point to point, as the motion was that the world model learned from.

    The corners are rounded by the limits on acceleration and jerk, which every command obeys. A spline
    through the points looks smoother and is worse: it arrives at each point with another velocity than the
    model predicted, and on the push task cost a tenth of the successes. Before the first and after the last
    point it stands still.
    """

    def __init__(self, proposal: Trajectory) -> None:
        self.proposal = proposal

    def at(self, now_ns: int) -> tuple[FloatArray, FloatArray]:
        """Return position (J,) and velocity (J,) at `now_ns`; not finite where points lie too far apart."""
        points, times = self.proposal.positions, self.proposal.time_from_start_ns
        elapsed_ns = now_ns - self.proposal.stamp_ns
        after = int(np.searchsorted(times, elapsed_ns, side="right"))
        if after == 0 or after == len(points):
            return points[min(after, len(points) - 1)], np.zeros(points.shape[1])
        span_ns = int(times[after]) - int(times[after - 1])
        share = (elapsed_ns - int(times[after - 1])) / span_ns
        with np.errstate(all="ignore"):
            way = points[after] - points[after - 1]
            return points[after - 1] + share * way, way / (span_ns / 1e9)
