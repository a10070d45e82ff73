# SPDX-License-Identifier: Apache-2.0
"""Judges each command that the simulated robot receives. Independent of the gate: shares none of its code."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import Command, FloatArray

TOLERANCE = 1e-6  # for rounding: share of a limit, and rad, m or share of a channel's range
JUMP = 1e-3  # the same, beyond what the acceleration limit explains: a re-armed gate starts from the robot
WORKSPACE_TOLERANCE = 1e-3  # m
KEEP_IN_TOLERANCE = 0.05  # m by which a base may slide, or its measured pose be wrong
MAX_GAP = 0.5  # rad or m between a command and the robot; real controllers also refuse such a jump
PUSHED_NS = 500_000_000  # contradicting joints give no position for 0.25 s; then commands must reverse
UNHEARD_NS = 1_000_000_000  # a gate on a busy machine may hear so late that the robot was put elsewhere
SAME_TICK = 1.5  # ticks: commands further apart are not adjacent
PLACES = 100  # more than the gate's commands in that time
STOP_SLACK_TICKS = 5  # messages cross each other, and the gate brakes from its next tick on
STOPPED_SPEED = 1e-3  # rad/s or m/s, or of a channel's range per s
STOPPED_TRAVEL = 1e-3  # rad or m, or of a channel's range


class CommandOracle:
    """Counts commands outside the robot's limits, and motion after a STOP.

    Velocity, acceleration and jerk are judged by differences between adjacent commands over the nominal tick,
    despite the jitter of the gate's timer: the gate integrates with it.

    Args:
        spec: the robot.
        tick_s: the gate's period.
        tip: forward kinematics, channels (C,) to the tip's position (3,) in m; None judges no workspace.
        margin: how far the gate's workspace extends beyond the planner's, m (config/safety.yaml).

    Attributes:
        counts: unsafe commands by violation: position, velocity, acceleration, jerk, jump, workspace,
            and keep_in, while a base is outside its area.
        unsafe: commands with any violation.
        moved_after_stop: commands that moved after braking from the STOP's velocity had to be over.
    """

    def __init__(
        self,
        spec: RobotSpec,
        tick_s: float,
        tip: Callable[[FloatArray], FloatArray] | None = None,
        margin: float = 0.0,
    ) -> None:
        limits, unlimited = spec.limits, np.full(len(spec.command_names), np.inf)
        self._lower = -unlimited if limits.lower is None else limits.lower
        self._upper = unlimited if limits.upper is None else limits.upper
        self._velocity = unlimited if limits.velocity is None else limits.velocity
        self._acceleration = unlimited if limits.acceleration is None else limits.acceleration
        self._jerk = unlimited if limits.jerk is None else limits.jerk
        self._tip, self._tick_s = tip, tick_s
        self._workspace = spec.workspace + np.array([[-margin], [margin]]) if spec.arms else None
        self._base, self._spec = spec.base, spec
        leads = [[group.standstill is not None] * len(group.names) for group in spec.groups]
        self._leads = np.array([lead for group in leads for lead in group])
        # Joints in rad or m; any other channel as a share of its range.
        self._small = self._upper - self._lower
        for columns, _ in spec.arm_columns:
            self._small[columns] = 1.0
        self.start_again()

    def start_again(self) -> None:
        """Forget all, as after a reset of the robot."""
        self.counts: dict[str, int] = {}
        self.unsafe = self.moved_after_stop = 0
        self._stopped_ns: int | None = None  # since when the gate reports STOP
        self._braking_ns = self._braking_ticks = 0
        self._rest: FloatArray | None = None
        self._moved_ns: list[int] = []  # since the STOP
        self._newest: list[Command] = []
        self._before: Command | None = None  # the last one before the robot was put somewhere else
        self.forget_motion()

    def forget_motion(self) -> None:
        """Judge the next command by itself, as after a pause, or when the robot was put somewhere else."""
        self._before = self._newest[-1] if self._newest else self._before
        self._newest = []
        self._places: deque[tuple[int, FloatArray]] = deque(maxlen=PLACES)  # recent positions of the body
        self._least_outside: float | None = None
        self._least_astray: float | None = None

    def see(
        self,
        command: Command,
        measured: FloatArray | None,
        pose: FloatArray | None = None,
        late_s: float = 0.0,
    ) -> tuple[str, ...]:
        """Judge a command for a body at `measured` (C,), None if unknown; return its violations.

        The true `pose` (3,) is that of a base. In a world `late_s` behind it has not followed yet.
        """
        wrong = [
            *self._by_itself(command, measured, late_s),
            *self._astray(pose),
            *self._beside_the_last(command),
        ]
        for name in wrong:
            self.counts[name] = self.counts.get(name, 0) + 1
        self.unsafe += bool(wrong)
        self._judge_stop(command)
        self._newest = [*self._newest[-1:], command]
        if self._stopped_ns is not None and command.stamp_ns <= self._stopped_ns:
            self._brake_from(self._stopped_ns)  # the STOP overtook it: braking begins with this command
        return tuple(wrong)

    def see_malformed(self) -> None:
        """Count a malformed command: wrong names or lengths, or not finite."""
        self.counts["malformed"] = self.counts.get("malformed", 0) + 1
        self.unsafe += 1

    def see_stop(self, stopped: bool, stamp_ns: int) -> None:
        """Note whether the gate reports STOP."""
        if not stopped:
            # A command may overtake the report of the re-arm.
            self.moved_after_stop -= sum(moved_ns >= stamp_ns for moved_ns in self._moved_ns)
            self._stopped_ns, self._rest, self._moved_ns = None, None, []
        elif self._stopped_ns is None:
            self._brake_from(stamp_ns)

    def far(self, command: Command, measured: FloatArray | None, late_s: float) -> bool:
        """Return whether a command is so far from the body that no controller would accept it."""
        return measured is not None and bool(self._apart(command, measured, late_s).any())

    def _apart(self, command: Command, measured: FloatArray, late_s: float) -> NDArray[np.bool_]:
        """Return which channels (C,) of a command are far from the body."""
        reach = MAX_GAP + (self._velocity * late_s if late_s > 0.0 else 0.0)
        return ~(np.abs(command.position - measured) <= reach)  # NaN is

    def _pushed_away(self, command: Command, measured: FloatArray | None, late_s: float) -> bool:
        """Return whether a command is far because something recently pushed the body away from it.

        A wall that an arm meets with one joint can push another one away within a few ticks, faster than any
        joint can follow. The gate has to notice that, and then return. A command that itself moved away from
        the body is also far from the earlier positions.
        """
        since_ns = command.stamp_ns - PUSHED_NS
        recent = (place for stamp_ns, place in self._places if stamp_ns >= since_ns)
        return self._returns(command, measured) or any(
            not self.far(command, place, late_s) for place in recent
        )

    def _returns(self, command: Command, measured: FloatArray | None) -> bool:
        """Return whether a far command returns to the body, or slows down to reverse."""
        if measured is None or len(self._newest) < 2:
            return False
        side = np.sign(command.position - measured)
        before, last = (newest.position for newest in self._newest)
        away, was_away = side * (command.position - last), side * (last - before)
        return bool(((away < 0.0) | (away < was_away))[self._apart(command, measured, 0.0)].all())

    def _stands_as_before(self, command: Command) -> bool:
        """Return whether a command still holds a robot where it stood before it was put somewhere else.

        Only a simulator does that, and the gate hears of it with the next joints.
        """
        before = self._before
        return (
            before is not None
            and command.stamp_ns - before.stamp_ns <= UNHEARD_NS
            and not command.velocity.any()
            and np.array_equal(command.position, before.position)
        )

    def _by_itself(self, command: Command, measured: FloatArray | None, late_s: float) -> list[str]:
        position, slack, wrong = command.position, 1.0 + TOLERANCE, []
        least = TOLERANCE * self._small
        if not ((position >= self._lower - least) & (position <= self._upper + least)).all():
            wrong.append("position")
        if not (np.abs(command.velocity) <= self._velocity * slack).all():
            wrong.append("velocity")
        far = self.far(command, measured, late_s) and not self._pushed_away(command, measured, late_s)
        if far and not self._stands_as_before(command):
            wrong.append("jump")
        if measured is not None:
            self._places.append((command.stamp_ns, measured))
        if self._tip is not None and measured is not None:
            # A robot that starts outside may return: never further out than its best so far.
            allowed = self._outside(measured) if self._least_outside is None else self._least_outside
            outside = self._outside(position)
            self._least_outside = min(allowed, outside)
            if not outside <= allowed + WORKSPACE_TOLERANCE:
                wrong.append("workspace")
        return wrong

    def _outside(self, position: FloatArray) -> float:
        """Return how far the tip is outside the workspace, m; 0 inside."""
        if self._tip is None or self._workspace is None:
            return 0.0
        tip, (lower, upper) = self._tip(position), self._workspace
        return max(0.0, float(np.maximum(lower - tip, tip - upper).max()))

    def _astray(self, pose: FloatArray | None) -> list[str]:
        """Return whether the footprint of a base is further outside than its best so far."""
        if self._base is None or self._base.keep_in is None or pose is None:
            return []
        corners = self._base.keep_in.astype(np.float32)
        place = (float(pose[0]), float(pose[1]))
        astray = max(0.0, self._base.radius - cv2.pointPolygonTest(corners, place, measureDist=True))
        allowed = astray if self._least_astray is None else self._least_astray
        self._least_astray = min(allowed, astray)
        return [] if astray <= allowed + KEEP_IN_TOLERANCE else ["keep_in"]

    def _beside_the_last(self, command: Command) -> list[str]:
        if not self._newest:
            return []
        last, slack, wrong = self._newest[-1], 1.0 + TOLERANCE, []
        least = TOLERANCE * self._small
        elapsed_s = max((command.stamp_ns - last.stamp_ns) / 1e9, self._tick_s)
        moved, sped = command.position - last.position, command.velocity - last.velocity
        if not (np.abs(moved) <= self._velocity * elapsed_s * slack + least).all():
            wrong.append("jump")
        if not (np.abs(sped) <= self._acceleration * elapsed_s * slack + least).all():
            wrong.append("acceleration")
        if len(self._newest) < 2 or not self._neighbours(*self._newest, command):
            return wrong
        earlier, tick_s = self._newest[0], self._tick_s
        # A second difference never exceeds the second derivative's bound times the tick squared.
        bend = moved - (last.position - earlier.position)
        if not (np.abs(bend) <= self._acceleration * tick_s**2 * slack + JUMP * self._small).all():
            wrong.append("jump")
        change = sped - (last.velocity - earlier.velocity)
        if not (np.abs(change) <= self._jerk * tick_s**2 * slack + least).all():
            wrong.append("jerk")
        return wrong

    def _neighbours(self, *commands: Command) -> bool:
        stamps = np.array([command.stamp_ns for command in commands])
        return bool((np.diff(stamps) <= SAME_TICK * self._tick_s * 1e9).all())

    def _brake_from(self, stamp_ns: int) -> None:
        """Start the time that braking from the newest command takes."""
        self._stopped_ns, self._braking_ns = stamp_ns, self._needed_ns()
        self._braking_ticks = math.ceil(self._braking_ns / 1e9 / self._tick_s)

    def _needed_ns(self) -> int:
        """Return how long braking may take, and some ticks.

        The channels rest after v / a, and a / j more for the jerk. A body that stands still only at certain
        values, as a base at zero velocity, then moves to those.
        """
        if not self._newest:
            return round(STOP_SLACK_TICKS * self._tick_s * 1e9)
        last = self._newest[-1]
        speed = np.abs(last.velocity)
        brake_s = _longest_s(speed, self._acceleration, self._jerk)
        if self._leads.any():
            way = (
                np.abs(last.position - self._spec.at_standstill(last.position))
                + speed * brake_s * self._leads
            )
            brake_s = brake_s + _longest_s(way, self._velocity, self._acceleration)
            brake_s = brake_s + _longest_s(np.zeros_like(way), self._acceleration, self._jerk)
        return round((float(brake_s.max()) + STOP_SLACK_TICKS * self._tick_s) * 1e9)

    def _judge_stop(self, command: Command) -> None:
        if self._stopped_ns is None:
            return
        # The gate brakes tick by tick: ticks skipped by a loaded machine make it stop later, not further.
        self._braking_ticks -= 1
        if command.stamp_ns <= self._stopped_ns + self._braking_ns or self._braking_ticks >= 0:
            return
        if self._rest is None:
            self._rest = self._spec.at_standstill(command.position)
        moved = bool((np.abs(command.position - self._rest) > STOPPED_TRAVEL * self._small).any())
        if moved or bool((np.abs(command.velocity) > STOPPED_SPEED * self._small).any()):
            self.moved_after_stop += 1
            self._moved_ns.append(command.stamp_ns)


def _longest_s(way: FloatArray, rate: FloatArray, change: FloatArray) -> FloatArray:
    """Return a bound on the time that each way takes from rest to rest, s.

    Source: trapezoidal profile, d / v + v / a; without a bound on the rate a triangle, 2 sqrt(d / a).
    Biagiotti and Melchiorri, "Trajectory Planning for Automatic Machines and Robots" (2008), section 3.2.

    Args:
        way: (C,) how far.
        rate: (C,) limit of its derivative; infinity is none.
        change: (C,) limit of the one after that; infinity is none.
    """
    bounded = np.isfinite(rate)
    ramp = np.divide(rate, change, out=np.zeros_like(way), where=bounded)
    return way / rate + np.where(bounded, ramp, 2.0 * np.sqrt(way / change))


def oracle_of(spec: RobotSpec, tick_s: float, margin: float = 0.0) -> CommandOracle:
    """Return the oracle of a robot, with its own kinematics where it is an arm; arguments as there."""
    if not spec.arms:
        return CommandOracle(spec, tick_s)
    kinematics, (joints, _) = Kinematics(spec), spec.arm_columns[0]
    return CommandOracle(spec, tick_s, lambda channels: kinematics.forward(channels[joints])[0], margin)
