# SPDX-License-Identifier: Apache-2.0
"""Give way when the robot is not where it was commanded to be, and stop when that lasts or comes back."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, RearmAsked
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import NoSettings
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, FloatArray, Level, Verdict

GIVEN_WAY = 0.5  # share of the limit: a hold that has given way so far ends


class Tracking(Check):
    """Compares the commanded with the measured position."""

    def __init__(self, settings: SafetySettings) -> None:
        self._limit, self._pull_hz = settings.tracking_error, settings.tracking_gain_hz
        self._patience_ns = round(settings.tracking_patience_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget how long the error has lasted."""
        self._since_ns: int | None = None
        self._gives_way = False
        self._gave_way_ns: int | None = None

    @property
    def _tolerated(self) -> float:
        return self._limit * (GIVEN_WAY if self._gives_way else 1.0)

    def see(self, event: Event, situation: Situation) -> None:
        """Handle a re-arm: commands will begin where the robot is."""
        if isinstance(event, RearmAsked):
            self.forget()

    def judge(self, situation: Situation) -> Verdict:
        """HOLD when a joint is further than `tracking_error` from its command; STOP after the patience.

        An error that ended by giving way, and returns before the robot has followed for as long as the
        patience, counts as the same error.
        """
        if situation.commanded is None or situation.measured is None:
            return PASS
        gap, now = np.abs(situation.commanded - situation.measured), situation.now_ns
        error = float(gap.max())
        if error <= self._tolerated:
            self._gives_way = False
            if self._gave_way_ns is None or now - self._gave_way_ns > self._patience_ns:
                self._since_ns = self._gave_way_ns = None
            return PASS
        self._since_ns = now if self._since_ns is None else min(self._since_ns, now)
        numbers: dict[str, float | int] = {"joint_index": int(gap.argmax()), "error": error}
        numbers |= {"limit": self._limit, "for_s": (now - self._since_ns) / 1e9}
        if now - self._since_ns > self._patience_ns:
            return ReasonCode.TRACKING_LOST.verdict(Level.STOP, **numbers)
        return ReasonCode.TRACKING_ERROR.verdict(Level.HOLD, **numbers)

    def give_way(self, situation: Situation) -> FloatArray | None:
        """Return the velocity (C,) with which commands go back to where the robot is; None where it follows.

        Commands that stayed out of reach would press the robot against the obstacle.
        """
        if situation.commanded is None or situation.measured is None:
            return None
        way: FloatArray = situation.measured - situation.commanded
        if float(np.abs(way).max()) <= self._tolerated:
            return None
        self._gives_way, self._gave_way_ns = True, situation.now_ns
        return self._pull_hz * way


def build(context: CheckContext, settings: NoSettings) -> list[Check]:
    """Return the check of a body that measures its channels."""
    return [Tracking(context.shared)] if context.body.is_measured else []
