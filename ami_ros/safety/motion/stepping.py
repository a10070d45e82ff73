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
from ami_ros.safety.motion.step_limit import Step, StepLimit
from ami_ros.safety.motion.velocity_limit import VelocityLimit
from ami_ros.safety.motion.wanted_limit import NOTICEABLE, WantedLimit
from ami_ros.safety.motion.way_to_rest import WayToRest
from ami_ros.safety.motion.zone_limit import ZoneLimit
from ami_ros.safety.motion.zones import Zones
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import PASS, FloatArray, Level, Reason, Verdict

HALVINGS = 3  # of the wanted velocity, in search of the largest share that is allowed: to an eighth
SLOWER = (0.75, 0.5, 0.25, 0.0)  # shares of a base's way that are tried where all of it is too much


class Stepping:
    """Moves the commanded state on by one tick, or brakes.

    A new kind of limit is a file of its own and one line in one of the two tuples below.

    Args:
        limits: in force.
        zones: in force; None for a body that has no place in space.
        dt_s: one tick.
        way: how channels come to rest whose values are velocities; None where a hold keeps the values.
        keep_in: the area of a base; None for a body without.
        lead: how far ahead of the body commands may get; None bounds nothing.
    """

    def __init__(
        self,
        limits: MotionLimits,
        zones: Zones | None,
        dt_s: float,
        way: WayToRest | None = None,
        keep_in: KeepIn | None = None,
        lead: Lead | None = None,
    ) -> None:
        self._limits, self._dt_s, self._way = limits, dt_s, way
        self._keep_in, self._lead = keep_in, lead
        # In this order: each takes what the one before has left.
        self._wanted_limits: tuple[WantedLimit, ...] = (VelocityLimit(limits), Approach(limits, dt_s))
        self._jerk_limit = JerkLimit(limits, dt_s)
        self._step_limits: tuple[StepLimit, ...] = (
            BrakingDistance(limits),
            *(() if lead is None else (lead,)),
            *(() if zones is None else (ZoneLimit(zones),)),
        )

    def look(self, measured: FloatArray | None, now_ns: int) -> None:
        """Take where the channels are at this tick (C,), and find out where a body is that drives about."""
        if self._lead is not None:
            self._lead.look(measured)
        if self._keep_in is not None:
            self._keep_in.look(now_ns)

    def brake(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the fastest stop."""
        if not state.velocity.any() and not state.acceleration.any():
            return state
        return Brake(state, self._limits).at(self._dt_s)

    def hold(self, state: ChannelState, way_out: FloatArray | None = None) -> ChannelState:
        """Return the state one tick further on the way to standing still: that needs no permission.

        With `way_out`, a velocity (C,), it goes there instead, as far as the limits allow.
        """
        if way_out is not None:
            return self.toward(state, way_out)[0]
        return (
            self.brake(state) if self._way is None else self._within_limits(state, self._way.wanted(state))[0]
        )

    def follow(
        self, state: ChannelState, goal: FloatArray, feedforward: FloatArray, gain_hz: float, share: float
    ) -> tuple[ChannelState, Verdict]:
        """Do as `toward`, pulled to where a proposal wants the channels to be.

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
            wanted = (feedforward + gain_hz * (goal - state.position)) * share
        return self.toward(state, wanted)

    def toward(self, state: ChannelState, wanted: FloatArray) -> tuple[ChannelState, Verdict]:
        """Return the state one tick later and a verdict naming every limit that bit.

        Args:
            state: commanded now.
            wanted: (C,) velocity, per second; one that is not finite holds.
        """
        if not np.isfinite(wanted).all():
            return self.hold(state), ReasonCode.VELOCITY_NOT_FINITE.verdict(Level.HOLD)
        after, verdict = self._within_limits(state, wanted)
        if self._keep_in is None or self._way is None:
            return after, verdict
        problem = self._keep_in.problem(after)
        if problem is None:
            return after, verdict
        return self._kept_in(state, wanted, self._way, self._keep_in), verdict | Verdict(
            Level.LIMITED, (problem,)
        )

    def _kept_in(
        self, state: ChannelState, wanted: FloatArray, way: WayToRest, keep_in: KeepIn
    ) -> ChannelState:
        """Return the step with as much of the way as stays inside, turning as it likes; else toward rest."""
        rest = way.wanted(state)
        for share in SLOWER:
            slower = np.where(keep_in.linear, rest + share * (wanted - rest), wanted)
            after, _ = self._within_limits(state, slower)
            if keep_in.problem(after) is None:
                return after
        return self.hold(state)

    def _within_limits(self, state: ChannelState, wanted: FloatArray) -> tuple[ChannelState, Verdict]:
        verdict = PASS
        for limit in self._wanted_limits:
            wanted, limited = limit.limit(state, wanted)
            verdict |= limited
        after = self._jerk_limit.toward(state, wanted)
        if after is None:
            return self.brake(state), verdict | ReasonCode.FOLLOWING_FAILED.verdict(Level.LIMITED)
        problem = self._problem(state, after)
        if problem is not None:
            return self._largest_allowed(state, wanted), verdict | Verdict(Level.LIMITED, (problem,))
        return after, verdict | self._ramped(state, after, wanted)

    def _problem(self, before: ChannelState, after: ChannelState) -> Reason | None:
        step = Step(before, after, self._limits)
        for limit in self._step_limits:
            problem = limit.problem(step)
            if problem is not None:
                return problem
        return None

    def _ramped(self, before: ChannelState, after: ChannelState, wanted: FloatArray) -> Verdict:
        missing = float(np.abs(after.velocity - wanted).max())
        if missing <= NOTICEABLE:
            return PASS
        worst = float((np.abs(wanted - before.velocity) / (self._limits.acceleration * self._dt_s)).max())
        if worst > 1.0:
            return ReasonCode.ACCELERATION_LIMIT.verdict(Level.LIMITED, ratio=worst)
        return ReasonCode.JERK_LIMIT.verdict(Level.LIMITED, missing_velocity=missing)

    def _largest_allowed(self, state: ChannelState, wanted: FloatArray) -> ChannelState:
        """Return the step toward the largest share of `wanted` that is allowed, else the braking step."""
        best, low, high = self.brake(state), 0.0, 1.0
        for _ in range(HALVINGS):
            share = 0.5 * (low + high)
            after = self._jerk_limit.toward(state, share * wanted)
            if after is not None and self._problem(state, after) is None:
                best, low = after, share
            else:
                high = share
        return best
