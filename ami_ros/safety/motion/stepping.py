# SPDX-License-Identifier: Apache-2.0
"""From a wanted velocity to the next commanded state: the nearest one that every limit allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ami_ros.safety.limit import Limit
from ami_ros.safety.motion.approach import Approach
from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.braking_distance import BrakingDistance
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.step_limit import ROUNDING, Step, StepLimit
from ami_ros.safety.motion.velocity_limit import VelocityLimit
from ami_ros.safety.motion.wanted_limit import NOTICEABLE, WantedLimit
from ami_ros.safety.motion.way_to_rest import WayToRest
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import overriding
from ami_ros.types import PASS, FloatArray, Level, Reason, Verdict

HALVINGS = 3  # of the wanted velocity, in search of the largest allowed share: to an eighth
SLACK_M = 1e-3  # by which a gentle stop may be deeper in a zone before the full one takes over
SLOWER = (0.75, 0.5, 0.25, 0.0)  # shares of a base's way that are tried where all of it is too much


class Stepping:
    """Moves the commanded state on by one tick under one set of limits, or brakes.

    Every step keeps the limits of the channels. Those in `bounds` bind motion, and never the way to rest.

    Args:
        limits: of the channels, in force.
        bounds: in force next to these; the first that refuses a step is reported.
        dt_s: one tick.
        rest: (C,) values that stand for standing still, of channels whose values are velocities; None where a
            hold keeps the values.
        linear: (C,) which of such channels move a base along, and do not turn it.
        full: the same under the robot's own acceleration and jerk, which a stop uses; None where `limits` has
            these.

    Attributes:
        limits: in force.
    """

    def __init__(
        self,
        limits: MotionLimits,
        bounds: Sequence[Limit],
        dt_s: float,
        rest: FloatArray | None = None,
        linear: FloatArray | None = None,
        full: Stepping | None = None,
    ) -> None:
        self.limits, self._dt_s, self._full = limits, dt_s, full
        self._full_limits = limits if full is None else full.limits
        self._linear = np.ones(len(limits.velocity), dtype=bool) if linear is None else linear
        self._way = None if rest is None else WayToRest(limits, rest, dt_s)
        own_ways = () if self._way is None else (self._way,)
        self._ways: tuple[WayToRest, ...] = own_ways if full is None else (*own_ways, *full._ways)
        # In this order: each takes the result of the one before.
        self._wanted_limits: tuple[WantedLimit, ...] = (VelocityLimit(limits), Approach(limits, dt_s))
        self._jerk_limit = JerkLimit(limits, dt_s)
        self._own: tuple[StepLimit, ...] = (BrakingDistance(limits),)
        self._bending = overriding(bounds, Limit, "bend")
        self._way_limits = overriding(bounds, Limit, "way_problem")
        self._step_limits: tuple[StepLimit, ...] = (*self._own, *overriding(bounds, Limit, "problem"))

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
        if self._problem(before, after, self._step_limits) is not None:
            return False
        return self._way_problem(after, self._ways) is None

    def brake(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the fastest stop under these limits."""
        if not state.velocity.any() and not state.acceleration.any():
            return state
        return Brake(state, self.limits).at(self._dt_s)

    def slow_down(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the gentle stop or, where that is too slow, the full one."""
        gentle = self.brake(state)
        full = self._full
        if full is None or full._problem(state, gentle, full._step_limits, SLACK_M) is None:
            return gentle
        return full.brake(state)

    def come_to_rest(self, state: ChannelState) -> ChannelState:
        """Return the state one tick nearer to standing still: gently or, where that is too slow, fully."""
        if self._way is None:
            return self.slow_down(state)
        gentle = self.hold(state)
        if self._full is None or self._way_problem(gentle, self._full._ways) is None:
            return gentle
        return self._full.hold(state)

    def hold(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the way to standing still: that needs no permission."""
        if self._way is None:
            return self.brake(state)
        return self._within_limits(state, self._way.wanted(state), self._own)[0]

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
        bent = PASS
        for limit in self._bending:
            wanted, limited = limit.bend(state, wanted) or (wanted, PASS)
            bent |= limited
        after, verdict = self._within_limits(state, wanted, self._step_limits)
        verdict = bent | verdict if self._bending else verdict
        if self._way is None:
            return after, verdict
        problem = self._way_problem(after, self._ways)
        if problem is None:
            return after, verdict
        return self._kept_in(state, wanted, self._way), verdict | Verdict(Level.LIMITED, (problem,))

    def _way_problem(self, after: ChannelState, ways: Sequence[WayToRest]) -> Reason | None:
        for limit in self._way_limits:
            problem = limit.way_problem(after, ways)
            if problem is not None:
                return problem
        return None

    def _kept_in(self, state: ChannelState, wanted: FloatArray, way: WayToRest) -> ChannelState:
        """Return the step with as much of the way as is allowed, turning freely, else to rest."""
        rest = way.wanted(state)
        for share in SLOWER:
            slower = np.where(self._linear, rest + share * (wanted - rest), wanted)
            after, _ = self._within_limits(state, slower, self._step_limits)
            if self._way_problem(after, self._ways) is None:
                return after
        return self.come_to_rest(state)

    def _within_limits(
        self, state: ChannelState, wanted: FloatArray, limits: Sequence[StepLimit]
    ) -> tuple[ChannelState, Verdict]:
        """Return the step toward `wanted` (C,) that the channels' limits and `limits` allow."""
        verdict = PASS
        for limit in self._wanted_limits:
            wanted, limited = limit.limit(state, wanted)
            verdict |= limited
        after = self._jerk_limit.toward(state, wanted)
        if after is None:
            return self.slow_down(state), verdict | ReasonCode.FOLLOWING_FAILED.verdict(Level.LIMITED)
        problem = self._problem(state, after, limits)
        if problem is not None:
            allowed = self._largest_allowed(state, wanted, limits)
            return allowed, verdict | Verdict(Level.LIMITED, (problem,))
        return after, verdict | self._ramped(state, after, wanted)

    def _problem(
        self, before: ChannelState, after: ChannelState, limits: Sequence[StepLimit], slack_m: float = 0.0
    ) -> Reason | None:
        step = Step(before, after, self.limits, self._full_limits)
        for limit in limits:
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

    def _largest_allowed(
        self, state: ChannelState, wanted: FloatArray, limits: Sequence[StepLimit]
    ) -> ChannelState:
        """Return the step toward the largest share of `wanted` that is allowed, else the braking step."""
        best, low, high = self._braked(state, limits), 0.0, 1.0
        for _ in range(HALVINGS):
            share = 0.5 * (low + high)
            after = self._jerk_limit.toward(state, share * wanted)
            if after is not None and self._problem(state, after, limits) is None:
                best, low = after, share
            else:
                high = share
        return best

    def _braked(self, state: ChannelState, limits: Sequence[StepLimit]) -> ChannelState:
        """Return the braking step, which keeps a base's speed; where that is refused, the one to rest."""
        braked, others = self.slow_down(state), limits[len(self._own) :]
        if self._way is None or not others or self._problem(state, braked, others) is None:
            return braked
        return self.come_to_rest(state)

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
