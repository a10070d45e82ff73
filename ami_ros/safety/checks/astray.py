# SPDX-License-Identifier: Apache-2.0
"""Hold when a base is measured elsewhere than its commands have led it, and stop when that lasts."""

from __future__ import annotations

import math

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, RearmAsked
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import NoSettings
from ami_ros.safety.sensor_reasons import FROZEN_REASONS
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.safety.watched_sensor import WatchedSensor
from ami_ros.types import PASS, Level, Verdict

HALF = 0.5  # share of the limit at which a hold ends: at the limit itself it would come and go with the noise


class Astray(Check):
    """Watches whether the measured poses of a base are explained by its commands.

    A pose that repeats to the last bit although commands moved the base holds at once. A pose that
    contradicts the commands is reported, and the base is kept where both permit it (`KeepIn`). When the two
    places are far apart, the base holds, and after the patience it stops: its drive does not follow,
    something blocks it, or its pose is wrong, and an operator has to look.

    Args:
        sensor: measures the pose.
        whereabouts: knows both places.
        settings: the thresholds.
    """

    def __init__(self, sensor: WatchedSensor, whereabouts: Whereabouts, settings: SafetySettings) -> None:
        self._sensor, self._whereabouts = sensor, whereabouts
        self._still, self._limit = settings.still_joints_travel, settings.tracking_error
        self._patience_ns = round(settings.tracking_patience_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget when the error began; the supervisor forgets the places."""
        self._since: dict[ReasonCode, int] = {}

    def see(self, event: Event, situation: Situation) -> None:
        """Handle a re-arm: the base is where it is measured to be."""
        if isinstance(event, RearmAsked):
            self._whereabouts.trust()
            self.forget()

    def judge(self, situation: Situation) -> Verdict:
        """HOLD for a still pose or places far apart, in the end STOP; LIMITED for unexplained poses."""
        now, where = situation.now_ns, self._whereabouts
        verdict = PASS if where.explained else ReasonCode.POSE_UNEXPLAINED.verdict(Level.LIMITED)
        measured, led = where.at(now), where.led_to(now)
        apart = 0.0 if measured is None or led is None else math.dist(measured[:2], led[:2])
        frozen = FROZEN_REASONS[self._sensor.kind]
        for code, value, limit, lasting in (
            (frozen, where.still, self._still, frozen),
            (ReasonCode.TRACKING_ERROR, apart, self._limit, ReasonCode.TRACKING_LOST),
        ):
            if value <= limit * (HALF if code in self._since else 1.0):
                self._since.pop(code, None)
                continue
            since = min(self._since.get(code, now), now)
            self._since[code] = since
            numbers: dict[str, float | int | str] = {"sensor": self._sensor.name, "value": value}
            numbers |= {"limit": limit, "for_s": (now - since) / 1e9}
            if now - since > self._patience_ns:
                verdict |= lasting.verdict(Level.STOP, **numbers)
            else:
                verdict |= code.verdict(Level.HOLD, **numbers)
        return verdict


def build(context: CheckContext, settings: NoSettings) -> list[Check]:
    """Return the check of a body whose pose is measured, and not its channels."""
    place = context.body.place_sensor
    if place is None or context.body.is_measured:
        return []
    return [Astray(place, context.whereabouts, context.shared)]
