# SPDX-License-Identifier: Apache-2.0
"""Proposals, and which of them the gate accepted."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np

from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ProposalError
from ami_ros.recordings.importing.commands import by_name
from ami_ros.recordings.message_values import NS_PER_S, trajectory_from_ros, values_of
from ami_ros.types import FloatArray, Level


class ProposalReader:
    """Takes proposals and verdicts. Without any verdicts every proposal counts as followed."""

    def __init__(self, spec: RobotSpec) -> None:
        self._names, self._step_ns = spec.command_names, spec.step_ns
        self._proposals: dict[int, tuple[FloatArray, FloatArray]] = {}  # time -> points (N, C), times (N,)
        self._stamps: dict[int, int] = {}  # time -> stamp, which identifies a proposal in verdicts
        self._accepted: set[int] = set()  # stamps
        self._states: list[tuple[int, bool]] = []  # time, and whether the gate holds from then on
        self._judged = False
        self._times: list[int] = []

    def __len__(self) -> int:
        """Number of proposals."""
        return len(self._proposals)

    def take(self, message: Any, shift_ns: int, time_ns: int) -> None:
        """Take a proposal.

        Args:
            message: as received.
            shift_ns: from stamps to the common time.
            time_ns: time of the proposal, by its stamp or its arrival.

        Raises:
            ProposalError: other channels than the robot's, or no motion.
        """
        trajectory = trajectory_from_ros(message)
        points = by_name(trajectory.positions, trajectory.joint_names, self._names)
        times = trajectory.time_from_start_ns.astype(np.float64)
        if len(points) < 2 or not np.isfinite(points).all() or (np.diff(times) <= 0).any():
            raise ProposalError(
                "proposal: got points without a direction, expected two or more in order of time"
            )
        self._proposals[time_ns] = points, times
        self._stamps[time_ns] = trajectory.stamp_ns + shift_ns
        self._times = []

    def judge(self, message: Any, shift_ns: int, time_ns: int) -> None:
        """Take a verdict; `shift_ns` is from its stamps to the common time."""
        values = values_of(message)
        if "level" not in values:
            raise ProposalError(f"verdict: got {sorted(values)}, expected a level")
        self._judged = True
        passes = Level[values["level"]] < Level.HOLD
        if "proposal_stamp_ns" not in values:
            self._states.append((time_ns, not passes))
        elif passes:
            self._accepted.add(int(values["proposal_stamp_ns"]) + shift_ns)

    def action(self, begin_ns: int, meaning: Meaning) -> FloatArray | None:
        """Return the action (A,) proposed for a control step; None: no proposal was followed.

        It is an action as the planner computed it: proposals have a point for each control step.
        """
        if not self._times:
            stamps = self._stamps.items()
            self._times = sorted(at for at, stamp in stamps if not self._judged or stamp in self._accepted)
            self._states.sort()
        place = bisect_right(self._times, begin_ns + self._step_ns // 2) - 1
        # The newest; one stamped after the step began only if no older one is nearer to its beginning.
        if place > 0 and self._times[place] - begin_ns > begin_ns - self._times[place - 1]:
            place -= 1
        if place < 0 or self._holds(begin_ns):
            return None
        points, times = self._proposals[self._times[place]]
        step = round((begin_ns - self._times[place]) / self._step_ns)
        begin, end = step * self._step_ns, (step + 1) * self._step_ns
        if end > times[-1]:
            return None
        start, after = (np.array([np.interp(t, times, column) for column in points.T]) for t in (begin, end))
        return meaning.between(start, after, self._step_ns / NS_PER_S)

    def _holds(self, begin_ns: int) -> bool:
        """Return whether the gate held at any time in the control step."""
        after = bisect_right(self._states, (begin_ns + self._step_ns, True))
        before = bisect_right(self._states, (begin_ns, True))
        return any(holds for _, holds in self._states[max(0, before - 1) : after])
