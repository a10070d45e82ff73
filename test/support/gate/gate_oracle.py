# SPDX-License-Identifier: Apache-2.0
"""Judges the commands of the gate by their positions alone. Shares no code with ami_ros/safety.

Differences of successive positions bound the motion exactly: (p1 - p0) / dt is a mean velocity, and so can only be
above the limit if the velocity was; likewise the second difference and the acceleration, the third and the jerk.

Restrictions are limits on motion: from when they are set a motion may go on under the limits in force when it began,
for as long as it takes to stop under these. A stop has the robot's own acceleration and jerk, at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ami_ros.body.limits import ChannelLimits
from ami_ros.types import Command, FloatArray

ZONE_TOLERANCE = 1e-3  # m: the gate looks at a few postures on the way to a stop, not at all of them
LIMIT_TOLERANCE = 1e-7  # rad
LONGEST_STOP_TICKS = 60
LEAP_TOLERANCE = 1e-9  # rad
NEAR = 0.5  # times the tracking error: how much further than a stop takes commands may be ahead
OVERSHOOT = 0.01  # rad: who gives way may go past the robot by so much
TREMBLING = 1e-9  # rad: a robot that moves less from tick to tick is where it was
REST = 1e-6  # rad/s: slower than this is standing still
SLOW = 2e-3  # of a value that is a speed: it comes to rest slower and slower

# How far positions (C,) are outside of zones of their own (Z,), m; negative: inside.
Outside = Callable[[FloatArray], FloatArray]


def _nowhere(position: FloatArray) -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True)
class Bounds:
    """The limits in force: (C,) each, infinite where there is none."""

    lower: FloatArray
    upper: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    jerk: FloatArray
    zones: Outside = _nowhere

    def looser(self, other: Bounds) -> Bounds:
        """Return these with what is larger of velocity, acceleration and jerk."""
        names = ("velocity", "acceleration", "jerk")
        return replace(self, **{n: np.maximum(getattr(self, n), getattr(other, n)) for n in names})


def bounds_of(
    limits: ChannelLimits, count: int, speed_scale: float = 1.0, zones: Outside = _nowhere
) -> Bounds:
    """Return a body's own bounds."""

    def array(values: FloatArray | None, sign: float = 1.0) -> FloatArray:
        return np.full(count, sign * np.inf) if values is None else values

    return Bounds(
        array(limits.lower, -1.0),
        array(limits.upper),
        array(limits.velocity) * speed_scale,
        array(limits.acceleration),
        array(limits.jerk),
        zones,
    )


def restricted(own: Bounds, speed_scale: float, zones: Outside, **given: FloatArray) -> Bounds:
    """Return the bounds of restrictions by name; a scale is of velocities."""
    velocity = given.get("velocity", own.velocity)
    with np.errstate(invalid="ignore"):
        velocity = np.where(speed_scale > 0.0, velocity * speed_scale, 0.0)
    return replace(own, **{**given, "velocity": velocity}, zones=zones)


def stopping_time_s(
    velocity: FloatArray, acceleration: FloatArray, greatest: FloatArray, jerk: FloatArray
) -> float:
    """Return in how many seconds any robot within its limits can stand still.

    First the acceleration is taken away, then full braking begins; the time-optimal stop is no slower.
    Source: Biagiotti and Melchiorri, "Trajectory Planning for Automatic Machines and Robots" (2008), 3.4.
    """
    ramp = np.where(np.isinf(jerk), 0.0, np.abs(acceleration) / jerk)
    speed = np.abs(velocity + 0.5 * acceleration * ramp)
    with np.errstate(invalid="ignore", divide="ignore"):
        short = np.where(np.isinf(jerk), 0.0, 2.0 * np.sqrt(speed / jerk))
        full = speed / greatest + np.where(np.isinf(jerk), 0.0, greatest / jerk)
        is_full = np.isinf(jerk) | (speed * jerk >= greatest**2)
    return float(np.max(ramp + np.where(is_full, full, short)))


def stopping_way(velocity: FloatArray, law: Bounds) -> FloatArray:
    """Return how far each channel gets (C,) in a stop from the greatest `velocity`; infinite without one.

    Source: v^2 / 2a + v a / 2j, and v sqrt(v / j) where full braking is not reached; see `stopping_time_s`.
    """
    v, a, jerk = velocity, law.acceleration, law.jerk
    with np.errstate(invalid="ignore", divide="ignore"):
        ramp = np.where(np.isinf(jerk), 0.0, a / jerk)
        way = np.where(v >= a * ramp, 0.5 * v * (v / a + ramp), v * np.sqrt(v / jerk))
    return np.where(np.isinf(v), np.inf, way)


class CommandOracle:
    """Collects violations, each with the numbers; an empty list is what the gate promises.

    Args:
        own: the body's own limits; never left, whatever is restricted.
        dt_s: one tick.
        tracking_error: largest gap between command and robot, rad.
        rest: (C,) values that a stop leads to, of channels whose values are speeds; None where it keeps them.
    """

    def __init__(
        self, own: Bounds, dt_s: float, tracking_error: float = np.inf, rest: FloatArray | None = None
    ) -> None:
        self._count, self._dt_s, self.bounds, self.own = len(own.velocity), dt_s, own, own
        self._rest = rest
        self._past: list[FloatArray] | None = None
        self._left: tuple[FloatArray, FloatArray] | None = None
        self._silent = 0
        self._law, self._under_way = (
            own,
            0,
        )  # what a motion began with, and for how many ticks it may go on so
        self._grace, self._until_rest = 0, -1
        self._recent: dict[str, list[FloatArray]] = {}
        self._way_out: FloatArray | None = None
        self._until_way = self._until_near = 0
        self._tracking_error = tracking_error
        self._robot: FloatArray | None = None
        self.violations: list[str] = []

    def restart(self) -> None:
        """Expect silence until commands begin again; the way there has to be explained."""
        if self._past is not None:
            self._left, self._silent = (self._past[3], self.speed), 0
        self._past, self._grace, self._under_way, self._recent = None, 0, 0, {}
        self._until_rest = 0 if self._until_rest >= 0 else -1

    def excuse_leap_to(self, truth: FloatArray) -> None:
        """Judge no leap if the robot truly is somewhere else than where it was left."""
        if self._left is not None and (np.abs(truth - self._left[0]) > 1e-6).any():
            self._left = None

    def _begin(self, position: FloatArray) -> None:
        if self._left is not None and self._rest is None:
            self._judge_leap(position, *self._left, (self._silent + 1) * self._dt_s)
        self._past, self._left = [np.array(position)] * 4, None
        self._recent = {}

    def _judge_leap(self, to: FloatArray, left: FloatArray, speed: FloatArray, elapsed_s: float) -> None:
        """Judge the first command after a silence: nobody goes further, from `speed` and to a rest.

        The robot's own limits count: a restriction may be tighter now than it was on the way.
        """
        way, own = np.abs(to - left), self.own
        reach = np.abs(speed) * elapsed_s + 0.25 * own.acceleration * elapsed_s**2
        reach = np.minimum(reach, own.velocity * elapsed_s) + LEAP_TOLERANCE
        self._expect(bool((way <= reach).all()), "leaps by {} within {} s", way, elapsed_s)

    def tighten(self, bounds: Bounds) -> None:
        """Expect the commands to keep within `bounds` as soon as the limits until now allow."""
        if self._past is not None:
            self._go_on_under(self.bounds)
            same = all(
                np.array_equal(getattr(self.bounds, n), getattr(bounds, n)) for n in ("lower", "upper")
            )
            if not same or bounds.zones is not self.bounds.zones:
                self._go_on_under(self.own)  # what cannot be kept any more is left as little as can be
            self._grace = self._under_way
        self.bounds = bounds

    def _go_on_under(self, law: Bounds) -> None:
        """Let the motion come to its end under a law, next to those under which it already may."""
        self._law = law.looser(self._law) if self._under_way else law
        self._under_way = max(self._under_way, self.ticks_to_rest(law))

    def excuse_full_stop(self) -> None:
        """Allow the robot's own acceleration and jerk now: something may be too near for a gentle stop."""
        self._go_on_under(self.own)

    def stop(self) -> None:
        """Expect the robot to come to rest within its own limits' time, and to stay there until `release`."""
        self._way_out = None
        if self._until_rest < 0:
            self._until_rest = self.ticks_to_rest(self.own)

    def release(self) -> None:
        """Motion is allowed again."""
        self._until_rest, self._way_out = -1, None

    def give_way(self, to: FloatArray) -> None:
        """Expect no motion but back to where the robot is (C,), after the motion before has come to its end."""
        if self._way_out is None or (np.abs(to - self._way_out) > TREMBLING).any():
            self._go_on_under(self.own)  # first it brakes, as in any hold
            self._until_way = self.ticks_to_rest(self._law)
        self._until_rest, self._way_out = -1, np.array(to)

    @property
    def gives_way(self) -> bool:
        """Whether motion back to the robot is expected."""
        return self._way_out is not None

    @property
    def speed(self) -> FloatArray:
        """Velocity (C,) of the last motion, from positions."""
        return np.zeros(self._count) if self._past is None else (self._past[3] - self._past[2]) / self._dt_s

    def ticks_to_rest(self, law: Bounds) -> int:
        """Return how many ticks a stop from the motion seen last takes at most."""
        if self._past is None:
            return 0
        acceleration = (self._past[3] - 2 * self._past[2] + self._past[1]) / self._dt_s**2
        # Differences look back by half a tick and by a whole one: one tick for each, and one to round up.
        late = self.speed + np.where(np.isinf(law.jerk), 0.0, acceleration * self._dt_s)
        seconds = stopping_time_s(late, acceleration, law.acceleration, law.jerk)
        if (
            self._rest is not None
        ):  # a value that is a speed has to go to rest, from where its change has ended
            way = np.abs(self._past[3] - self._rest) + np.abs(late) * seconds
            seconds += _longest_s(way, law)
        return int(np.ceil(seconds / self._dt_s)) + 4

    def see(self, command: Command | None, measured: FloatArray | None) -> None:
        """Judge one command; the first one begins at rest where the robot is `measured` to be (C,)."""
        if command is None:
            self._silent += 1
            self._expect(self._past is None, "silent in the middle of the stream")
            return
        numbers = [command.position, command.velocity]
        numbers += [] if command.acceleration is None else [command.acceleration]
        if not all(array.shape == (self._count,) and np.isfinite(array).all() for array in numbers):
            self.violations.append(f"not finite: {command}")
            return
        if self._past is None:
            if measured is None:
                self.violations.append("a command before any joint state")
                return
            self._begin(measured)
        self._past = [*(self._past or [])[1:], np.array(command.position)]
        if self._until_rest >= 0:
            self._go_on_under(self.own)
        self._judge_lead(measured)
        self._judge_motion(command)
        self._judge_place(command.position)
        self._grace, self._under_way = max(0, self._grace - 1), max(0, self._under_way - 1)
        if self._way_out is not None:
            self._until_way = max(0, self._until_way - 1)
            before, after = (np.abs(place - self._way_out) for place in self._past[2:])
            away = (after > np.maximum(before, OVERSHOOT)) & (self._until_way == 0)
            self._expect(not away.any(), "goes to {} from the robot, from {}", after, before)
        if self._until_rest >= 0:
            self._until_rest = max(0, self._until_rest - 1)
            if self._until_rest == 0:
                self._judge_rest(command.position)

    def _judge_rest(self, position: FloatArray) -> None:
        if self._rest is not None:
            left = float(np.abs(position - self._rest).max())
            self._expect(left <= SLOW, f"is at {left} from rest when it should have come to rest")
            return
        moving = float(np.abs(self.speed).max())
        self._expect(moving <= REST, f"moves at {moving} rad/s when it should have come to rest")

    def _judge_lead(self, measured: FloatArray | None) -> None:
        """Expect commands near the robot: one that was moved away is excused for as long as braking takes."""
        before, after = (self._past or [])[2:]
        if measured is None or not np.isfinite(self._tracking_error):
            return
        robot = measured if self._robot is None else self._robot
        self._robot, side = np.array(measured), np.sign(after - measured)
        self._until_near = max(0, self._until_near - 1)
        if (side * (robot - measured) > TREMBLING).any() or self._grace:
            self._until_near = self.ticks_to_rest(self.own)
        if self._until_near:
            self._go_on_under(self.own)  # what is in the way allows the fastest stop
            return
        allowed = np.maximum(self._tracking_error, stopping_way(self.bounds.velocity, self.own))
        allowed = allowed + NEAR * self._tracking_error
        allowed = np.maximum(allowed, np.abs(before - measured)) + LIMIT_TOLERANCE
        ahead = np.abs(after - measured)
        self._expect(bool((ahead <= allowed).all()), "ahead of the robot by {} of {}", ahead, allowed)

    def _judge_motion(self, command: Command) -> None:
        dt, past = self._dt_s, np.stack(self._past or [])
        bounds = self.bounds.looser(self._law) if self._under_way else self.bounds
        rounding = 8.0 * np.spacing(np.abs(past).max(axis=0)) + 1e-12
        for order, name in ((1, "velocity"), (2, "acceleration"), (3, "jerk")):
            limit = getattr(bounds, name)
            got = np.abs(np.diff(past, order, axis=0)[-1]) / dt**order
            excess = got - limit * (1.0 + 1e-6) - 2**order * rounding / dt**order
            self._expect(bool((excess <= 0.0).all()), name + ": {} above {}", got, limit)
        change = past[3] - past[2]
        # The velocity in the command is that at the tick's end: no further from the mean than it can change.
        gap = np.abs(command.velocity - change / dt)
        allowed = np.where(np.isinf(bounds.acceleration), np.inf, bounds.acceleration * dt) + 1e-6
        self._expect(
            bool((gap <= allowed).all()), "velocity {} is not the motion {}", command.velocity, change / dt
        )

    def _judge_place(self, position: FloatArray) -> None:
        self._judge_within("own", self.own, position)
        if self._grace:
            self._recent.pop("restricted", None)
        else:
            self._judge_within("restricted", self.bounds, position)

    def _judge_within(self, whose: str, bounds: Bounds, position: FloatArray) -> None:
        """Judge a position by bounds. Who starts outside may not end a stop further out than it began."""
        excess = [bounds.lower - position, position - bounds.upper, bounds.zones(position)]
        tolerance = np.repeat([LIMIT_TOLERANCE, ZONE_TOLERANCE], [2 * self._count, len(excess[2])])
        now = np.maximum(np.concatenate(excess), -ZONE_TOLERANCE)
        recent = self._recent.get(whose, [])
        if not recent or len(recent[0]) != len(now):
            self._recent[whose] = [now]
            return
        allowed = np.maximum(np.max(recent, axis=0), 0.0)
        over = now - allowed - tolerance
        if (over > 0.0).any():
            names = ["lower"] * self._count + ["upper"] * self._count + ["zone"] * len(excess[2])
            worst = int(np.argmax(over))
            self.violations.append(f"{whose} {names[worst]}: outside by {now[worst]}, was {allowed[worst]}")
        self._recent[whose] = [*recent[1 - LONGEST_STOP_TICKS :], now]

    def _expect(self, holds: bool, what: str, *numbers: object) -> None:
        if not holds:  # only then are the numbers worth their formatting
            self.violations.append(what.format(*numbers))


def _longest_s(way: FloatArray, law: Bounds) -> float:
    """Return a bound of the time from rest to rest over a way (C,), s; each limit alone, added up.

    Source: d / v + 2 sqrt(d / a) + (32 d / j)^(1/3), Biagiotti and Melchiorri (2008), chapter 3.
    """
    return float(
        np.max(way / law.velocity + 2.0 * np.sqrt(way / law.acceleration) + np.cbrt(32.0 * way / law.jerk))
    )
