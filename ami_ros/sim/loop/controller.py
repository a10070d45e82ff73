# SPDX-License-Identifier: Apache-2.0
"""The simulated robot's own controller: it treats commands like a real one."""

from __future__ import annotations

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.loop.command_oracle import TOLERANCE, oracle_of
from ami_ros.types import Command, FloatArray


class SimController:
    """Follows the newest command within the robot's limits, and holds when commands stop coming.

    Its timeout backs up the gate: when the gate's process dies, the robot stops at the gate's last command
    and stays there, whatever the planner proposes.

    Args:
        spec: the robot.
        timeout_s: without a command for longer it holds.
        tick_s: the gate's period.
        margin: how far the gate's workspace extends beyond the planner's, m.

    Attributes:
        oracle: judges every command. Commands outside the limits are clipped, jumps are refused.
        timed_out_ns: when it last noticed that commands had stopped; None if they never did.
    """

    def __init__(self, spec: RobotSpec, timeout_s: float, tick_s: float, margin: float = 0.0) -> None:
        limits, count = spec.limits, len(spec.command_names)
        unlimited = np.full(count, np.inf)
        self._lower = -unlimited if limits.lower is None else limits.lower
        self._upper = unlimited if limits.upper is None else limits.upper
        self._velocity = unlimited if limits.velocity is None else limits.velocity
        self._timeout_ns, self._tick_ns = round(timeout_s * 1e9), round(tick_s * 1e9)
        self._home, self._spec = spec.home, spec
        self.oracle = oracle_of(spec, tick_s, margin)
        self.forget()

    def forget(self) -> None:
        """Start again, as after a reset or a pause: hold until the next command."""
        self._command: Command | None = None
        self._arrival_ns: int | None = None
        self._hold: FloatArray | None = None
        self._followed: FloatArray | None = None
        self.timed_out_ns: int | None = None
        self.oracle.forget_motion()

    def take(
        self,
        command: Command,
        measured: FloatArray | None,
        arrival_ns: int,
        pose: FloatArray | None = None,
        late_s: float = 0.0,
    ) -> None:
        """Take a command.

        Args:
            command: of the gate.
            measured: (C,) where the channels are; None where nothing measures that.
            arrival_ns: when it arrived.
            pose: (3,) where a base truly is, x, y in m and yaw in rad.
            late_s: how far the world is behind.
        """
        self.oracle.see(command, measured, pose, late_s)
        if self.oracle.far(command, measured, late_s):
            return  # as if it had not arrived
        self._command, self._arrival_ns = command, arrival_ns

    def now_at(self, measured: FloatArray | None) -> FloatArray:
        """Return where the channels are (C,), or were commanded to be where nothing measures that."""
        if measured is not None:
            return measured
        known = [at for at in (self._followed, self._hold) if at is not None]
        return known[0] if known else self._home

    def follow(self, measured: FloatArray | None, now_ns: int) -> Command:
        """Return the target of the next tick: the newest command within limits.

        Without one, hold at the position where its absence was noticed; of a base whose channels are
        velocities, stand still.
        """
        at = self.now_at(measured)
        command, arrival = self._command, self._arrival_ns
        if command is None or arrival is None or now_ns - arrival > self._timeout_ns:
            if command is not None and self._hold is None:
                self.timed_out_ns = now_ns
            if self._hold is None:
                self._hold = self._spec.at_standstill(at).copy()
            self._followed = None
            return Command(self._hold, np.zeros_like(at), now_ns)
        self._hold = None
        before = at if self._followed is None else self._followed
        reach = self._velocity * (self._tick_ns / 1e9) * (1.0 + TOLERANCE)
        wanted = np.clip(command.position, self._lower, self._upper)
        # A command within reach is taken to the last bit, so that legal commands pass unchanged.
        near = np.abs(wanted - before) <= reach
        position = np.where(near, wanted, before + np.clip(wanted - before, -reach, reach))
        self._followed = position
        return Command(position, np.clip(command.velocity, -self._velocity, self._velocity), command.stamp_ns)
