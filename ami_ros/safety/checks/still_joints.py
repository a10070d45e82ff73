# SPDX-License-Identifier: Apache-2.0
"""Hold when the joints are reported still although commanded to move, and stop when that lasts."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.checks.tracking import GIVEN_WAY
from ami_ros.safety.events import Event, JointsSeen, RearmAsked
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import NoSettings
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, FloatArray, Level, Verdict


class StillJoints(Check):
    """Compares the content of joint states, not their stamps: a frozen driver stamps afresh.

    Joints at rest may repeat to the last bit, as long as no command moves them. The hold ends when a joint
    state differs; after the patience of `Tracking` it is a stop.
    """

    def __init__(self, settings: SafetySettings) -> None:
        self._limit = settings.still_joints_travel
        self._gives_way = GIVEN_WAY * settings.tracking_error
        self._patience_ns = round(settings.tracking_patience_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget the joints, as after a reset or a re-arm."""
        self._measured: FloatArray | None = None
        self._commanded: FloatArray | None = None
        self._travel = 0.0
        self._repeats = 0
        self._since_ns: int | None = None

    def see(self, event: Event, situation: Situation) -> None:
        """Take a joint state, once commands have begun."""
        if isinstance(event, RearmAsked):
            self.forget()
        elif isinstance(event, JointsSeen) and situation.commanded is not None:
            self._compare(event.position, situation.commanded)

    def _compare(self, measured: FloatArray, commanded: FloatArray) -> None:
        if self._measured is None or self._commanded is None or not np.array_equal(measured, self._measured):
            self._measured, self._travel, self._repeats = measured, 0.0, 0
        else:
            self._repeats += 1
            # The whole path there and back: a planner that reads frozen joints never gets far from them. But
            # commands that give way return to joints that something holds.
            before, now = (float(np.abs(c - measured).max()) for c in (self._commanded, commanded))
            if not now < before > self._gives_way:
                self._travel += float(np.abs(commanded - self._commanded).max())
        self._commanded = commanded

    def judge(self, situation: Situation) -> Verdict:
        """HOLD while joints are repeated after commands moved by `still_joints_travel`, in the end STOP."""
        if self._travel <= self._limit:
            self._since_ns = None
            return PASS
        now = situation.now_ns
        self._since_ns = now if self._since_ns is None else min(self._since_ns, now)
        numbers = {"travel": self._travel, "limit": self._limit, "repeats": self._repeats}
        lasts = now - self._since_ns > self._patience_ns
        return ReasonCode.JOINTS_FROZEN.verdict(Level.STOP if lasts else Level.HOLD, **numbers)


def build(context: CheckContext, settings: NoSettings) -> list[Check]:
    """Return the check of a body that measures its channels."""
    return [StillJoints(context.shared)] if context.body.is_measured else []
