# SPDX-License-Identifier: Apache-2.0
"""Where an arm stays that shall stand still."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray

STILL = 1e-5  # rad/s or m/s: less is no motion, but what rounding leaves of none
MOVED = 0.05  # rad or m: further away than this, the arm was moved and is held where it is now


class HeldPosture:
    """Keeps the posture of an arm that stands still, for as long as it stays near.

    To begin wherever the arm *is* would follow it down as it sags under its own weight, cycle by cycle.
    """

    def __init__(self) -> None:
        self.release()

    def release(self) -> None:
        """Forget the posture, as after a reset of the robot."""
        self._posture: FloatArray | None = None

    def points(self, measured: FloatArray, velocities: FloatArray) -> list[FloatArray] | None:
        """Return the proposal (S + 1 points) of an arm that does not move; None if it shall move.

        Args:
            measured: where the arm is (J,).
            velocities: (S, A) what is asked for, rad/s or m/s.
        """
        if float(np.abs(velocities).max()) >= STILL:
            self.release()
            return None
        if self._posture is None or float(np.abs(self._posture - measured).max()) > MOVED:
            self._posture = measured.copy()
        return [self._posture] * (len(velocities) + 1)
