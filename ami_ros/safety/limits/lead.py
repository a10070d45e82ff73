# SPDX-License-Identifier: Apache-2.0
"""Refuse a step after which commands could not stop near where the robot is: it may be blocked."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.limit import Limit, LimitContext
from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.step_limit import Step
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import NoSettings
from ami_ros.types import FloatArray, Reason

LAG = 0.5  # share of the tracking error by which a healthy robot may be behind at full speed


class Lead(Limit):
    """Bounds how far ahead of the robot commands come to rest.

    A robot that meets a wall at full speed has a small tracking error at first. Once it is too large, the
    commands still need their way to brake. So the place where they would stop counts. If that is already too
    far, as after a push, a step is allowed if nothing gets worse.

    Args:
        velocity: (C,) limits in force, rad/s or m/s.
        full: limits of a stop: commands to a robot that is blocked end in a full one.
        tracking_error: largest gap between command and robot, rad or m.

    Attributes:
        room: (C,) rad or m: the tracking error or the way that a stop from full speed takes, whichever is
            larger, and the lag of a healthy robot; infinite where nothing bounds the speed.
    """

    def __init__(self, velocity: FloatArray, full: MotionLimits, tracking_error: float) -> None:
        bounded = np.isfinite(velocity)
        fastest = np.where(bounded, velocity, 0.0)
        at_full_speed = ChannelState(np.zeros_like(fastest), fastest, np.zeros_like(fastest))
        stop = Brake(at_full_speed, full).reach()[1]
        self.room: FloatArray = np.where(bounded, np.maximum(tracking_error, stop), np.inf)
        self.room += LAG * tracking_error
        self._measured: FloatArray | None = None

    def look(self, measured: FloatArray | None, now_ns: int) -> None:
        """Take where the robot is at this tick (C,)."""
        self._measured = measured

    def problem(self, step: Step, slack_m: float = 0.0) -> Reason | None:
        """Return TRACKING_LEAD with the channel that would stop too far ahead; None if all stop in time."""
        if self._measured is None:
            return None
        near = (self._measured - self.room, self._measured + self.room)
        found = step.furthest_out(*near, full_only=True)
        if found is None:
            return None
        return ReasonCode.TRACKING_LEAD.reason(joint_index=found[0], beyond=found[1])


def build(context: LimitContext, settings: NoSettings) -> list[Limit]:
    """Return the limit of a body that measures its channels."""
    if not context.body.is_measured:
        return []
    return [Lead(context.motion.velocity, context.stop, context.shared.tracking_error)]
