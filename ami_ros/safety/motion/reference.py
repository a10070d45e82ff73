# SPDX-License-Identifier: Apache-2.0
"""Where a proposal wants the robot to be at a given time."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray, Trajectory


def reference(proposal: Trajectory, now_ns: int) -> tuple[FloatArray, FloatArray]:
    """Return position (J,) and velocity (J,) at `now_ns`; not finite where points lie too far apart.

    Straight from point to point, like the motion that the world model learned from. The limits on
    acceleration and jerk, which every command obeys, round the corners. A spline through the points looks
    smoother and is worse: it reaches each point with a velocity other than the model predicted, and on the
    push task cost a tenth of the successes. Before the first and after the last point it stands still.
    """
    points, times = proposal.positions, proposal.time_from_start_ns
    elapsed_ns = now_ns - proposal.stamp_ns
    after = int(np.searchsorted(times, elapsed_ns, side="right"))
    if after == 0 or after == len(points):
        return points[min(after, len(points) - 1)], np.zeros(points.shape[1])
    span_ns = int(times[after]) - int(times[after - 1])
    share = (elapsed_ns - int(times[after - 1])) / span_ns
    with np.errstate(all="ignore"):
        way = points[after] - points[after - 1]
        return points[after - 1] + share * way, way / (span_ns / 1e9)
