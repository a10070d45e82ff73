# SPDX-License-Identifier: Apache-2.0
"""A proposal that stands still."""

from __future__ import annotations

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Trajectory

MOVED = 0.05  # rad or m: further away than this, the robot was moved and is held where it is now


class Holding:
    """Holds one position for as long as the robot stays near it.

    Holding wherever the robot *is* would follow it down as it sags under its own weight, cycle by cycle.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec = spec
        self._position: FloatArray | None = None

    def release(self) -> None:
        """Forget the position, as after moving on purpose."""
        self._position = None

    def trajectory(self, measured: FloatArray, stamp_ns: int) -> Trajectory:
        """Return a proposal of two equal points for a robot that is at `measured` (J,)."""
        if self._position is None or float(np.abs(self._position - measured).max()) > MOVED:
            self._position = measured.copy()
        times = np.array([0, self._spec.step_ns], dtype=np.int64)
        return Trajectory(self._spec.joint_names, np.stack([self._position] * 2), times, stamp_ns)
