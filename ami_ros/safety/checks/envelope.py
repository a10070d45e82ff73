# SPDX-License-Identifier: Apache-2.0
"""Keep measured values inside their bands: lead set points to their rest before a border, and beyond it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.sensors import Band
from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, RearmAsked, VectorSeen
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.settings.fields import setting
from ami_ros.types import PASS, FloatArray, Level, Verdict

SMOOTHED = 0.25  # share of `turn_s` over which the rate of a noisy value is averaged
FASTEST_FREE = 0.8  # share of the largest rate up to which a value may change freely


@dataclass(frozen=True)
class Settings:
    """How long a value may stay outside."""

    patience: float = setting(
        "times its turn_s that a value may stay outside its band before the robot stops", gt=0.0, le=1000.0
    )


class Envelope(Check):
    """Watches one measured value.

    The gate does not know which set point moves which value: the planner's model does. What it knows is where
    set points rest, and how long they need to get there. A value that would reach its border sooner than the
    set points their rest, and the body `turn_s` more, leads them there: the nearer, the less is left of each
    proposal, and nothing at the border. Outside, the gate holds, which leads there. Channels that a hold
    leads to no rest, such as a gripper's or those of an arm with a force sensor, slow down instead, and stay.

    Args:
        sensor: name of the value's sensor.
        column: of the value in its readings.
        band: of the value.
        way_s: how long the set points (C,) need to their rest; None where a hold leads them to none.
        settings: the patience.
    """

    def __init__(
        self,
        sensor: str,
        column: int,
        band: Band,
        settings: Settings,
        way_s: Callable[[FloatArray], float] | None,
    ) -> None:
        self._sensor, self._column, self._band, self._way_s = sensor, column, band, way_s
        self._patience_ns = round(settings.patience * band.turn_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget the readings, as after a reset."""
        self._value: float | None = None
        self._smooth, self._rate, self._stamp_ns, self._turn_s = 0.0, 0.0, 0, self._band.turn_s
        self._room = 1.0
        self._left_since_ns: int | None = None

    def see(self, event: Event, situation: Situation) -> None:
        """Take a reading of the sensor; after a re-arm the patience begins again."""
        if isinstance(event, RearmAsked):
            self._left_since_ns = None
        elif isinstance(event, VectorSeen) and event.sensor == self._sensor and event.values is not None:
            self._take(float(event.values[self._column]), event.stamp_ns)

    def _take(self, value: float, stamp_ns: int) -> None:
        if self._value is None or not math.isfinite(self._smooth):
            self._smooth, self._rate, self._room = value, 0.0, 1.0
        elif stamp_ns > self._stamp_ns:
            # The value next to its own exponential average: the usual derivative of a noisy value.
            span_s = SMOOTHED * self._band.turn_s
            self._rate = (value - self._smooth) / span_s
            self._smooth += -math.expm1((self._stamp_ns - stamp_ns) / 1e9 / span_s) * (value - self._smooth)
            # It grows back slowly: else proposals would press against the border again and again.
            self._room += (stamp_ns - self._stamp_ns) / 1e9 / self._turn_s
        self._value, self._stamp_ns = value, stamp_ns
        self._room = min(self._room, self._room_now())

    @property
    def _is_left(self) -> bool:
        """Whether the value is outside its band or changes too fast; one that is not a number is."""
        value, band = self._value, self._band
        inside = value is None or band.low <= value <= band.high
        return not (inside and abs(self._rate) <= band.rate)

    def _room_now(self) -> float:
        """Return what is left of the time to turn before the border, or before the largest rate, 0 to 1."""
        value, band, rate = self._value, self._band, self._rate
        if value is None or self._is_left:
            return 0.0
        ahead = (band.high - value) if rate > 0.0 else (value - band.low)
        needed = abs(rate) * self._turn_s
        room = 1.0 if ahead >= needed else ahead / needed
        room = min(room, (1.0 - abs(rate) / band.rate) / (1.0 - FASTEST_FREE))
        return float(np.clip(room, 0.0, 1.0))

    @property
    def retreat(self) -> float:
        """More, the less room is left; all of it outside."""
        return 0.0 if self._way_s is None else 1.0 - self._room

    @property
    def speed_share(self) -> float:
        """Less, the less room is left, where nothing goes to a rest."""
        return self._room if self._way_s is None else 1.0

    def judge(self, situation: Situation) -> Verdict:
        """LIMITED near a border, HOLD outside, STOP where a hold has not helped for too long."""
        value, band = self._value, self._band
        if value is None:
            return PASS  # that it is missing, another check reports
        if self._way_s is not None and situation.commanded is not None:
            self._turn_s = band.turn_s + self._way_s(situation.commanded)
        numbers: dict[str, float | str] = {"value": band.value, "is": value}
        numbers |= {"low": band.low, "high": band.high, "rate": self._rate}
        if not self._is_left:
            self._left_since_ns = None
            return PASS if self._room == 1.0 else ReasonCode.ENVELOPE.verdict(Level.LIMITED, **numbers)
        if self._left_since_ns is None:
            self._left_since_ns = situation.now_ns
        for_ns = situation.now_ns - self._left_since_ns
        if for_ns > self._patience_ns:
            return ReasonCode.ENVELOPE_LOST.verdict(Level.STOP, **numbers, for_s=for_ns / 1e9)
        return ReasonCode.ENVELOPE_LEFT.verdict(Level.HOLD, **numbers)


def build(context: CheckContext, settings: Settings) -> list[Check]:
    """Return a check of each value that has a band."""
    body, velocity = context.body, context.body.limits.velocity

    def way_s(commanded: FloatArray) -> float:
        if velocity is None or body.safe is None:
            return 0.0
        return float((np.abs(commanded - body.safe) / (context.shared.speed_scale * velocity)).max())

    return [
        Envelope(sensor.name, column, band, settings, way_s if body.safe is not None else None)
        for sensor in body.sensors
        for column, band in sensor.envelope
    ]
