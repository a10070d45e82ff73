# SPDX-License-Identifier: Apache-2.0
"""From a wanted velocity to the next commanded state: the nearest one that every limit allows."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.approach import Approach
from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.braking_distance import BrakingDistance
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.keep_in import KeepIn
from ami_ros.safety.motion.lead import Lead
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.step_limit import ROUNDING, Step, StepLimit
from ami_ros.safety.motion.velocity_limit import VelocityLimit
from ami_ros.safety.motion.wanted_limit import NOTICEABLE, WantedLimit
from ami_ros.safety.motion.way_to_rest import WayToRest
from ami_ros.safety.motion.zone_limit import ZoneLimit
from ami_ros.safety.motion.zones import Zones
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import PASS, FloatArray, Level, Reason, Verdict

HALVINGS = 3  # of the wanted velocity, in search of the largest allowed share: to an eighth
SLACK_M = 1e-3  # by which a gentle stop may be deeper in a zone before the full one takes over
SLOWER = (0.75, 0.5, 0.25, 0.0)  # shares of a base's way that are tried where all of it is too much


class Stepping:
    """Moves the commanded state on by one tick under one set of limits, or brakes.

    A new kind of limit needs its own file and one line in one of the two tuples below.

    Args:
        limits: in force.
        zones: in force; None for a body that has no place in space.
        dt_s: one tick.
        rest: (C,) values that stand for standing still, of channels whose values are velocities; None where a
            hold keeps the values.
        keep_in: the area of a base; None for a body without.
        lead: how far ahead of the body commands may get; None bounds nothing.
        full: the same under the robot's own acceleration and jerk, which a stop uses; None where `limits` has
            these.

    Attributes:
        limits: in force.
    """

    def __init__(
        self,
        limits: MotionLimits,
        zones: Zones | None,
        dt_s: float,
        rest: FloatArray | None = None,
        keep_in: KeepIn | None = None,
        lead: Lead | None = None,
        full: Stepping | None = None,
    ) -> None:
        self.limits, self._dt_s, self._full = limits, dt_s, full
        self._full_limits = limits if full is None else full.limits
        self._keep_in = keep_in
        self._way = None if rest is None else WayToRest(limits, rest, dt_s)
        own_ways = () if self._way is None else (self._way,)
        self._ways: tuple[WayToRest, ...] = own_ways if full is None else (*own_ways, *full._ways)
        # In this order: each takes the result of the one before.
        self._wanted_limits: tuple[WantedLimit, ...] = (VelocityLimit(limits), Approach(limits, dt_s))
        self._jerk_limit = JerkLimit(limits, dt_s)
        self._step_limits: tuple[StepLimit, ...] = (
            BrakingDistance(limits),
            *(() if lead is None else (lead,)),
            *(() if zones is None else (ZoneLimit(zones),)),
        )

    def allows(self, state: ChannelState) -> bool:
        """Return whether motion from `state` can continue under these limits: each stop from there exists.

        A state outside a position limit or zone is allowed if its stops lead no further out.
        """
        if not (np.abs(state.acceleration) <= self.limits.acceleration * (1.0 + ROUNDING)).all():
            return False
        fastest = self.limits.velocity * (1.0 + ROUNDING) + ROUNDING
        if not (Brake(state, self.limits).peak_speed <= fastest).all():
            return False
        return self.permits(state, state)

    def permits(self, before: ChannelState, after: ChannelState) -> bool:
        """Return whether a step keeps every limit on what may follow from it."""
        if self._problem(before, after) is not None:
            return False
        return self._keep_in is None or self._keep_in.problem(after, self._ways) is None

    def brake(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the fastest stop under these limits."""
        if not state.velocity.any() and not state.acceleration.any():
            return state
        return Brake(state, self.limits).at(self._dt_s)

    def slow_down(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the gentle stop or, where that is too slow, the full one."""
        gentle = self.brake(state)
        if self._full is None or self._full._problem(state, gentle, SLACK_M) is None:
            return gentle
        return self._full.brake(state)

    def come_to_rest(self, state: ChannelState) -> ChannelState:
        """Return the state one tick nearer to standing still: gently or, where that is too slow, fully."""
        if self._way is None:
            return self.slow_down(state)
        gentle = self.hold(state)
        if self._full is None or self._keep_in is None:
            return gentle
        if self._keep_in.problem(gentle, self._full._ways) is None:
            return gentle
        return self._full.hold(state)

    def hold(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the way to standing still: that needs no permission."""
        if self._way is None:
            return self.brake(state)
        return self._within_limits(state, self._way.wanted(state))[0]

    def wanted(
        self, state: ChannelState, goal: FloatArray, feedforward: FloatArray, gain_hz: float, share: float
    ) -> FloatArray:
        """Return the velocity (C,) that pulls the channels to where a proposal wants them to be.

        Args:
            state: commanded now.
            goal: (C,) that is wanted now.
            feedforward: (C,) how it changes, per second.
            gain_hz: of the pull.
            share: of the speed that may be used.
        """
        with np.errstate(all="ignore"):
            if self._way is not None:  # the values themselves are speeds
                (goal, feedforward), share = self._way.slowed(goal, feedforward, share), 1.0
            wanted: FloatArray = (feedforward + gain_hz * (goal - state.position)) * share
        return wanted

    def toward(self, state: ChannelState, wanted: FloatArray) -> tuple[ChannelState, Verdict]:
        """Return the state one tick later and a verdict naming every limit that bit.

        Args:
            state: commanded now.
            wanted: (C,) velocity, per second, finite.
        """
        after, verdict = self._within_limits(state, wanted)
        if self._keep_in is None or self._way is None:
            return after, verdict
        problem = self._keep_in.problem(after, self._ways)
        if problem is None:
            return after, verdict
        return self._kept_in(state, wanted, self._way, self._keep_in), verdict | Verdict(
            Level.LIMITED, (problem,)
        )

    def _kept_in(
        self, state: ChannelState, wanted: FloatArray, way: WayToRest, keep_in: KeepIn
    ) -> ChannelState:
        """Return the step with as much of the way as stays inside, turning freely, else to rest."""
        rest = way.wanted(state)
        for share in SLOWER:
            slower = np.where(keep_in.linear, rest + share * (wanted - rest), wanted)
            after, _ = self._within_limits(state, slower)
            if keep_in.problem(after, self._ways) is None:
                return after
        return self.come_to_rest(state)

    def _within_limits(self, state: ChannelState, wanted: FloatArray) -> tuple[ChannelState, Verdict]:
        verdict = PASS
        for limit in self._wanted_limits:
            wanted, limited = limit.limit(state, wanted)
            verdict |= limited
        after = self._jerk_limit.toward(state, wanted)
        if after is None:
            return self.slow_down(state), verdict | ReasonCode.FOLLOWING_FAILED.verdict(Level.LIMITED)
        problem = self._problem(state, after)
        if problem is not None:
            return self._largest_allowed(state, wanted), verdict | Verdict(Level.LIMITED, (problem,))
        return after, verdict | self._ramped(state, after, wanted)

    def _problem(self, before: ChannelState, after: ChannelState, slack_m: float = 0.0) -> Reason | None:
        step = Step(before, after, self.limits, self._full_limits)
        for limit in self._step_limits:
            problem = limit.problem(step, slack_m)
            if problem is not None:
                return problem
        return None

    def _ramped(self, before: ChannelState, after: ChannelState, wanted: FloatArray) -> Verdict:
        missing = float(np.abs(after.velocity - wanted).max())
        if missing <= NOTICEABLE:
            return PASS
        worst = float((np.abs(wanted - before.velocity) / (self.limits.acceleration * self._dt_s)).max())
        if worst > 1.0:
            return ReasonCode.ACCELERATION_LIMIT.verdict(Level.LIMITED, ratio=worst)
        return ReasonCode.JERK_LIMIT.verdict(Level.LIMITED, missing_velocity=missing)

    def _largest_allowed(self, state: ChannelState, wanted: FloatArray) -> ChannelState:
        """Return the step toward the largest share of `wanted` that is allowed, else the braking step."""
        best, low, high = self.slow_down(state), 0.0, 1.0
        for _ in range(HALVINGS):
            share = 0.5 * (low + high)
            after = self._jerk_limit.toward(state, share * wanted)
            if after is not None and self._problem(state, after) is None:
                best, low = after, share
            else:
                high = share
        return best

    def coast(self, state: ChannelState) -> tuple[ChannelState, ChannelState]:
        """Return the states one tick further, and at the end, of a motion that ends its acceleration.

        Source: constant jerk j against the acceleration a: it ends after |a| / j, at v + a |a| / (2 j).
        """
        a, jerk = state.acceleration, self.limits.jerk
        over_s = np.abs(a) / jerk
        slope = np.divide(a, over_s, out=np.zeros_like(a), where=over_s > 0.0)

        def after(time_s: FloatArray) -> ChannelState:
            velocity = state.velocity + time_s * (a - 0.5 * slope * time_s)
            travel = time_s * (state.velocity + time_s * (0.5 * a - slope * time_s / 6.0))
            return ChannelState(state.position + travel, velocity, a - slope * time_s)

        ended, now = after(over_s), np.minimum(over_s, self._dt_s)
        begun, left_s = after(now), self._dt_s - now
        moved = begun.position + begun.velocity * left_s
        at_rest = ChannelState(ended.position, ended.velocity, np.zeros_like(a))
        return ChannelState(moved, begun.velocity, np.where(left_s > 0.0, 0.0, begun.acceleration)), at_rest
