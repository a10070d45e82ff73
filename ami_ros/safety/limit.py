# SPDX-License-Identifier: Apache-2.0
"""The interface of a limit on motion next to those of the channels, with defaults that limit nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.step_limit import Step
from ami_ros.safety.motion.way_to_rest import WayToRest
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import SafetySettings
from ami_ros.types import FloatArray, Reason, Verdict


@dataclass(frozen=True, eq=False)
class LimitContext:
    """What limits are built from, next to their own settings: again for each change of the restrictions.

    Attributes:
        body: determines which limits apply; of a robot of several groups, one of them.
        shared: the thresholds that several share.
        restrictions: in force next to the robot's own limits.
        motion: the channels' limits in force on motion.
        stop: those of a stop.
        whereabouts: of a base, kept up to date by the supervisor.
        dt_s: one tick.
    """

    body: GateBody
    shared: SafetySettings
    restrictions: Restrictions
    motion: MotionLimits
    stop: MotionLimits
    whereabouts: Whereabouts
    dt_s: float


class Limit:
    """One kind of limit on motion; it overrides what it needs.

    Its module has a function ``build(context, settings)``, which returns the limits that fit the body. It
    binds motion, also that of a hold that gives way or leads to safe values, and never the way to standstill.
    Whatever it does, the limits of the channels are kept.
    """

    def look(self, measured: FloatArray | None, now_ns: int) -> None:
        """Take where the channels are at this tick (C,); None where nothing measures it."""

    def bend(self, state: ChannelState, wanted: FloatArray) -> tuple[FloatArray, Verdict] | None:
        """Return the nearest velocity (C,) that the limit allows, and LIMITED; None if `wanted` may stay.

        Args:
            state: commanded now.
            wanted: (C,) velocity, finite. Of channels whose values are velocities, how these change.
        """
        return None

    def problem(self, step: Step, slack_m: float = 0.0) -> Reason | None:
        """Return why the robot must not take this step; None if it may.

        After every step the robot can still stop inside every limit. Where it is already outside, a step is
        allowed if nothing gets worse. `slack_m` further into a zone is no reason: sampled postures cannot
        resolve less.
        """
        return None

    def way_problem(self, after: ChannelState, ways: Sequence[WayToRest]) -> Reason | None:
        """Return why a base must not take the step to `after`; None if it may.

        The values of a base are velocities: it keeps moving until it has come to rest.

        Args:
            after: commanded next.
            ways: how the base could come to rest from there.
        """
        return None
