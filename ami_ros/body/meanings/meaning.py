# SPDX-License-Identifier: Apache-2.0
"""The interface of every meaning of an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ami_ros.types import FloatArray, Observation, Trajectory


class Meaning(Protocol):
    """Turns action blocks into proposals over the commanded channels (C)."""

    @property
    def parts(self) -> Sequence[Meaning]:
        """The meanings of the groups; itself for a single one."""

    def start(self, observation: Observation) -> FloatArray:
        """Return where the commanded channels are (C,): the first point of every proposal.

        Raises:
            ObservationError: the observation lacks the sensor that measures this.
        """

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Return what actions (T, K, A), in the channels' units, lead to.

        Returns:
            T * K + 1 points: the start, then where the channels are at the end of each control step.

        Raises:
            ObservationError: the observation lacks the sensor that measures where the robot is.
        """

    def note(self, actions: FloatArray, observation: Observation) -> None:
        """Note where actions (T, K, A) that somebody else proposes leave channels that nothing measures."""

    def hold(self, observation: Observation) -> FloatArray:
        """Return the action (A,) that leaves everything as it is."""

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the action (A,) that leads the commanded channels from (C,) to (C,) in that time.

        It is the inverse of `proposal`, except where limits and the workspace box restrict that.
        """

    def forget(self) -> None:
        """Forget the last proposal, as after a reset of the robot."""


def points_over_time(
    names: tuple[str, ...], points: list[FloatArray], step_ns: int, stamp_ns: int
) -> Trajectory:
    """Return points (C,) that lie one control step apart as a proposal."""
    times = np.arange(len(points), dtype=np.int64) * step_ns
    return Trajectory(names, np.stack(points), times, stamp_ns)
