# SPDX-License-Identifier: Apache-2.0
"""Hold when a sensor or the proposal is missing, old, or from the future."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import NoSettings
from ami_ros.safety.sensor_reasons import AGE_REASONS, AgeReasons
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import NEVER, Seen, Situation
from ami_ros.safety.watched_sensor import WatchedSensor
from ami_ros.types import PASS, Level, Verdict

PROPOSAL = AgeReasons(ReasonCode.PROPOSAL_MISSING, ReasonCode.PROPOSAL_STALE, ReasonCode.PROPOSAL_FUTURE)
NO_LABEL: Mapping[str, str] = {}


class Freshness(Check):
    """Judges age by arrival *and* by stamp: either alone can lie.

    Args:
        sensors: watched, each by its own `max_age_s`.
        settings: shared: the age of a proposal, and the tolerance for clocks that differ.
        place: the sensor among them that measures where the body is; None if none does.
    """

    def __init__(
        self,
        sensors: Sequence[WatchedSensor],
        settings: SafetySettings,
        place: WatchedSensor | None = None,
    ) -> None:
        self._proposal_age_s, self._tolerance_s = settings.proposal_age_s, settings.future_tolerance_s
        self._sensors = [(s, AGE_REASONS[s.kind], s.label_among(sensors)) for s in sensors]
        self._place = [entry for entry in self._sensors if entry[0] is place]

    def judge(self, situation: Situation) -> Verdict:
        """HOLD for each sensor, and for a proposal, that is missing, stale or in the future."""
        stamp = None if situation.proposal is None else situation.proposal.stamp_ns
        return self._each(self._sensors, situation) | self._age(
            PROPOSAL, situation.now_ns, Seen(stamp, stamp), self._proposal_age_s, NO_LABEL
        )

    def place(self, situation: Situation) -> Verdict:
        """HOLD when the sensor of the body's position is missing, stale or in the future; else PASS."""
        return self._each(self._place, situation)

    def _each(
        self, sensors: Sequence[tuple[WatchedSensor, AgeReasons, dict[str, str]]], situation: Situation
    ) -> Verdict:
        verdict = PASS
        for sensor, reasons, label in sensors:
            seen = situation.sensors.get(sensor.name, NEVER)
            verdict |= self._age(reasons, situation.now_ns, seen, sensor.max_age_s, label)
        return verdict

    def _age(
        self, reasons: AgeReasons, now_ns: int, seen: Seen, limit_s: float, label: Mapping[str, str]
    ) -> Verdict:
        stamp_ns, arrival_ns = seen.stamp_ns, seen.arrival_ns
        if stamp_ns is None or arrival_ns is None:
            return reasons.missing.verdict(Level.HOLD, **label)
        ages_s = {"stamp_age_s": (now_ns - stamp_ns) / 1e9, "arrival_age_s": (now_ns - arrival_ns) / 1e9}
        if max(ages_s.values()) > limit_s:
            return reasons.stale.verdict(Level.HOLD, **ages_s, limit_s=limit_s, **label)
        if min(ages_s.values()) < -self._tolerance_s:
            return reasons.future.verdict(Level.HOLD, **ages_s, tolerance_s=self._tolerance_s, **label)
        return PASS


def build(context: CheckContext, settings: NoSettings) -> list[Check]:
    """Return the check of all sensors."""
    body = context.body
    return [Freshness(body.sensors, context.shared, body.place_sensor)]
