# SPDX-License-Identifier: Apache-2.0
"""The limits in force on a body's motion: how restrictions take effect while it moves, and how it stops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.limit import Limit, LimitContext
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.sections import LIMITS, build
from ami_ros.safety.settings import SafetySettings
from ami_ros.types import FloatArray, Level, Verdict

SLOW = 1e-3  # rad/s or m/s: as good as at rest
STILL = 1e-9  # per second: the same for set points, whatever their unit


class LimitsInForce:
    """Steps a body under its own limits and those of the restrictions.

    Restrictions bind motion, never a stop: a hold uses the robot's own acceleration and jerk, under which
    every state was allowed, too. Restrictions on position, velocity and space take effect at once. One on
    acceleration or jerk takes effect in the first state that it allows: an acceleration under way cannot be
    taken back under a smaller jerk. Until then the motion leads there under the limits that allowed it.

    Args:
        body: what is moved.
        settings: the thresholds.
        whereabouts: of a base, kept up to date by the supervisor.
    """

    def __init__(self, body: GateBody, settings: SafetySettings, whereabouts: Whereabouts) -> None:
        self._body, self._settings, self._dt_s = body, settings, 1.0 / settings.rate_hz
        self._own = self._allowed_by = MotionLimits.of(body, Restrictions(), settings.speed_scale)
        self._whereabouts, self._linear = whereabouts, np.array(whereabouts.planar.linear)
        self.restrict(Restrictions())

    def restrict(self, restrictions: Restrictions) -> None:
        """Put tighter limits in force, instead of the restrictions before.

        A robot that is already too fast is slowed down; one already outside is kept from going further out.

        Raises:
            ConfigError: one is malformed or looser than the robot's own; the old ones stay in force.
        """
        restrictions.check(self._body)
        body, settings, own = self._body, self._settings, self._own
        limits = MotionLimits.of(body, restrictions, settings.speed_scale)
        # Values that are speeds, or have a rest, come there at their channels' rate: a stop uses all of it.
        leads = body.rest is not None or body.safe is not None
        full = (replace(limits, velocity=own.velocity) if leads else limits).like(own)
        context = LimitContext(body, settings, restrictions, limits, full, self._whereabouts, self._dt_s)
        self._bounds = build(LIMITS, Limit, settings.limits, context)
        self._full = self._stepping(full, None)
        self._resting: tuple[NDArray[np.bool_], Stepping] | None = None
        is_free = limits.moves_like(full) and np.array_equal(limits.velocity, full.velocity)
        self._wanted = self._full if is_free else self._stepping(limits, self._full)
        self._now = self._wanted
        if not limits.moves_like(self._allowed_by):
            self._now = self._stepping(limits.like(self._allowed_by), self._full)

    def _stepping(self, limits: MotionLimits, full: Stepping | None) -> Stepping:
        return Stepping(limits, self._bounds, self._dt_s, self._body.rest, self._linear, full)

    def look(self, measured: FloatArray | None, now_ns: int) -> None:
        """Take where the channels are at this tick (C,), and update where a mobile body is."""
        for limit in self._bounds:
            limit.look(measured, now_ns)

    def hold(self, state: ChannelState, way_out: FloatArray | None = None) -> ChannelState:
        """Return the state one tick further on the full stop: that needs no permission.

        With `way_out`, a velocity (C,), it goes there instead, as far as the limits allow, once no channel
        goes the other way. Set points that have a rest go there under the robot's own acceleration and jerk:
        that is how they stop.
        """
        rest = self._body.safe
        slow = SLOW if rest is None else STILL
        if way_out is not None and (np.sign(way_out) * state.velocity < -slow).any():
            way_out = None
        if way_out is not None and rest is None:
            return self._move(state, way_out)[0]
        self._now, self._allowed_by = self._full, self._full.limits
        if way_out is not None and rest is not None:
            return self._toward_rest(state, rest).toward(state, way_out)[0]
        return self._full.hold(state)

    def _toward_rest(self, state: ChannelState, rest: FloatArray) -> Stepping:
        """Return the full limits with the rest as the border: no channel shall pass it on its way."""
        below = state.position < rest
        if self._resting is None or not np.array_equal(self._resting[0], below):
            full = self._full.limits
            lower = np.where(below, full.lower, np.maximum(full.lower, rest))
            upper = np.where(below, np.minimum(full.upper, rest), full.upper)
            self._resting = below, self._stepping(replace(full, lower=lower, upper=upper), None)
        return self._resting[1]

    def follow(
        self, state: ChannelState, goal: FloatArray, feedforward: FloatArray, share: float
    ) -> tuple[ChannelState, Verdict]:
        """Return the state one tick later and a verdict naming every limit that bit.

        Args:
            state: commanded now.
            goal: (C,) that a proposal wants now; a goal that is not finite holds.
            feedforward: (C,) how it changes, per second.
            share: of the speed that may be used.
        """
        wanted = self._wanted.wanted(state, goal, feedforward, self._settings.tracking_gain_hz, share)
        if not np.isfinite(wanted).all():
            return self.hold(state), ReasonCode.VELOCITY_NOT_FINITE.verdict(Level.HOLD)
        return self._move(state, wanted)

    def _move(self, state: ChannelState, wanted: FloatArray) -> tuple[ChannelState, Verdict]:
        if self._now is not self._wanted:
            if not self._wanted.allows(state):
                return self._nearer(state), ReasonCode.TIGHTENING.verdict(Level.LIMITED)
            self._now, self._allowed_by = self._wanted, self._wanted.limits
        return self._now.toward(state, wanted)

    def _nearer(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the way to one that the wanted limits allow.

        That is where the acceleration ends; failing that, standstill, which any limits allow.
        """
        after, ended = self._now.coast(state)
        if self._wanted.allows(ended) and self._now.permits(state, after):
            return after
        return self._now.come_to_rest(state)
