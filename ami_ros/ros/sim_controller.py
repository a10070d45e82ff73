# SPDX-License-Identifier: Apache-2.0
"""The simulated robot's own controller: what a real one does with the commands it gets."""

from __future__ import annotations

import numpy as np

from ami_ros.embodiment import RobotSpec
from ami_ros.types import Command, FloatArray

MAX_GAP = 0.5  # rad or m between a command and the robot; real controllers refuse such a jump, too
TOLERANCE = 1e-6  # share of a limit that rounding may exceed


class SimController:
    """Follows the newest command within the robot's limits, and holds when commands stop coming.

    Attributes:
        unsafe_commands: commands outside the limits, or that jump. They are clipped or refused.
    """

    def __init__(self, spec: RobotSpec, timeout_s: float, tick_s: float) -> None:
        limits, count = spec.limits, len(spec.joint_names)
        unlimited = np.full(count, np.inf)
        self._lower = -unlimited if limits.lower is None else limits.lower
        self._upper = unlimited if limits.upper is None else limits.upper
        self._velocity = unlimited if limits.velocity is None else limits.velocity
        self._acceleration = unlimited if limits.acceleration is None else limits.acceleration
        self._timeout_ns, self._tick_ns = round(timeout_s * 1e9), round(tick_s * 1e9)
        self.unsafe_commands = 0
        self.forget()

    def forget(self) -> None:
        """Start anew, as after a reset or a pause: hold until the next command."""
        self._command: Command | None = None
        self._arrival_ns: int | None = None
        self._hold: FloatArray | None = None
        self._followed: FloatArray | None = None

    def take(self, command: Command, measured: FloatArray, arrival_ns: int) -> None:
        """Take a command; `measured` (J,) is where the robot is."""
        previous, self._command = self._command, command
        if not self._is_safe(command, previous):
            self.unsafe_commands += 1
        if float(np.abs(command.position - measured).max()) > MAX_GAP:
            self.unsafe_commands += 1
            return  # as if it had not come
        self._arrival_ns = arrival_ns

    def follow(self, measured: FloatArray, now_ns: int) -> Command:
        """Return what to do for the next tick: go to the newest command within limits.

        Without one, hold at the position where its absence was noticed.
        """
        command, arrival = self._command, self._arrival_ns
        if command is None or arrival is None or now_ns - arrival > self._timeout_ns:
            self._hold = measured.copy() if self._hold is None else self._hold
            self._followed = None
            return Command(self._hold, np.zeros_like(measured), now_ns)
        self._hold = None
        before = measured if self._followed is None else self._followed
        reach = self._velocity * (self._tick_ns / 1e9) * (1.0 + TOLERANCE)
        wanted = np.clip(command.position, self._lower, self._upper)
        # Where it is within reach it is taken to the last bit, so that legal commands pass unchanged.
        near = np.abs(wanted - before) <= reach
        position = np.where(near, wanted, before + np.clip(wanted - before, -reach, reach))
        self._followed = position
        return Command(position, np.clip(command.velocity, -self._velocity, self._velocity), command.stamp_ns)

    def _is_safe(self, command: Command, previous: Command | None) -> bool:
        position, velocity, slack = command.position, command.velocity, 1.0 + TOLERANCE
        inside = (position >= self._lower - TOLERANCE) & (position <= self._upper + TOLERANCE)
        safe = inside.all() and (np.abs(velocity) <= self._velocity * slack).all()
        # Judged by the nominal tick: the gate integrates with it, whatever the jitter of its timer.
        if previous is not None and command.stamp_ns - previous.stamp_ns <= 1.5 * self._tick_ns:
            tick_s = self._tick_ns / 1e9
            moved, sped = np.abs(position - previous.position), np.abs(velocity - previous.velocity)
            safe = safe and (moved <= self._velocity * tick_s * slack).all()
            safe = safe and (sped <= self._acceleration * tick_s * slack).all()
        return bool(safe)
