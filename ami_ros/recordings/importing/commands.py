# SPDX-License-Identifier: Apache-2.0
"""Commands to a controller, as positions of the commanded channels over time."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ProposalError
from ami_ros.recordings.message_values import NS_PER_S, field_of, trajectory_from_ros
from ami_ros.types import FloatArray, checked_joints

ENDS_NS = NS_PER_S // 2  # after this long without a new target, the cause of any motion is unknown


class CommandReader:
    """Takes the messages of the robot's output, in any of its interfaces.

    For joints, a command is a target position. A trajectory that arrives before the previous one has ended
    replaces the rest of it. Velocities are integrated, so only differences of positions are meaningful:
    points are then (2, C), a position and the velocity from there on. No motion spans two runs.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._names, self._of = spec.command_names, spec.outputs[0].output.of
        self._times: list[int] = []
        self._points: list[FloatArray] = []
        self._runs: list[int] = []
        self._run = 0
        self.relative = self._of.vector == "velocity"

    def __len__(self) -> int:
        """Number of points."""
        return len(self._times)

    def take(self, message: Any, time_ns: int, run: int = 0) -> None:
        """Take a message.

        Args:
            message: of the robot's output.
            time_ns: time of the command.
            run: run of the message; each run starts with unknown earlier commands.

        Raises:
            ProposalError: it has other channels than the robot, or another number of values.
            JointStateError: values that are not finite.
        """
        if self._of.message == "JointTrajectory":
            self._take_trajectory(message, time_ns, run)
            return
        if self._of.fields:
            values: Any = [field_of(message, self._of.fields[name]) for name in self._names]
        else:
            values = message.data
        self.tell(checked_joints(values, "command", len(self._names)), time_ns, run)

    def tell(self, told: FloatArray, time_ns: int, run: int = 0) -> None:
        """Take a command for all channels (C,), finite, in our order; the rest as for `take`."""
        self._run = run
        if self.relative:
            told = np.stack([self._led(-1, time_ns) if self._times else np.zeros(len(told)), told])
        elif self._goes_on and time_ns - self._times[-1] > ENDS_NS:
            self._append(time_ns - 1, self._points[-1])  # it held until now: no motion spans a pause
        self._append(time_ns, told)

    def at(self, time_ns: int) -> FloatArray | None:
        """Return the commanded positions (C,); None without a command."""
        after = bisect_right(self._times, time_ns)
        if after == 0:
            return None
        begin, here = self._times[after - 1], self._points[after - 1]
        if self.relative:
            return self._led(after - 1, time_ns) if time_ns - begin <= ENDS_NS else None
        leads_on = after < len(self._times) and self._runs[after] == self._runs[after - 1]
        there = self._points[after] if leads_on else here
        if np.array_equal(here, there):
            return here if time_ns - begin <= ENDS_NS else None
        share = (time_ns - begin) / (self._times[after] - begin)
        return (1.0 - share) * here + share * there

    @property
    def _goes_on(self) -> bool:
        """Whether the current run has a point."""
        return bool(self._runs) and self._runs[-1] == self._run

    def _led(self, place: int, time_ns: int) -> FloatArray:
        """Return the position that a point's velocity has reached (C,); it applies for ENDS_NS."""
        position, velocity = self._points[place]
        elapsed_s = min(max(time_ns - self._times[place], 0), ENDS_NS) / NS_PER_S
        led: FloatArray = position + velocity * elapsed_s
        return led

    def _take_trajectory(self, message: Any, time_ns: int, run: int) -> None:
        self._run = run
        trajectory = trajectory_from_ros(message)
        positions = by_name(trajectory.positions, trajectory.joint_names, self._names)
        checked_joints(positions.reshape(-1), "command")
        if self._goes_on:
            told = self.at(time_ns)
            self._append(time_ns, self._points[-1] if told is None else told, replace=True)
        for offset_ns, position in zip(trajectory.time_from_start_ns.tolist(), positions, strict=True):
            self._append(time_ns + offset_ns, position)

    def _append(self, time_ns: int, point: FloatArray, replace: bool = False) -> None:
        """Append a point later than all others; with `replace`, drop the points from that time on."""
        while self._times and (self._times[-1] > time_ns if replace else self._times[-1] == time_ns):
            for kept in (self._times, self._points, self._runs):
                kept.pop()
        if not self._times or self._times[-1] < time_ns:
            self._times.append(time_ns)
            self._points.append(point)
            self._runs.append(self._run)


def by_name(positions: FloatArray, names: tuple[str, ...], wanted: tuple[str, ...]) -> FloatArray:
    """Return positions (N, C) in the order of `wanted`, from (N, M) in that of `names`.

    Raises:
        ProposalError: a channel is missing.
    """
    if missing := [name for name in wanted if name not in names]:
        raise ProposalError(f"got channels {list(names)}, expected also {missing}")
    ordered: FloatArray = positions[:, [names.index(name) for name in wanted]]
    return ordered
