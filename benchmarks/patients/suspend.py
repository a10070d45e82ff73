# SPDX-License-Identifier: Apache-2.0
"""No insulin while glucose is low, or soon will be: a check of the gate, from outside of ami_ros."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ami_ros.safety.check import Check
from ami_ros.safety.events import Event, VectorSeen
from ami_ros.safety.reasons import ForeignReason
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Verdict

LOW_SOON = ForeignReason("patients/LOW_SOON", 1010, "glucose is low, or soon will be: no insulin")


@dataclass(frozen=True)
class Settings:
    """When insulin stops.

    Attributes:
        sensor: that measures glucose, mg/dl.
        low: glucose below which there is no insulin, mg/dl.
        ahead_s: how far its trend is extended.
        smoothed_s: time constant of the average of its rate.
    """

    sensor: str
    low: float
    ahead_s: float
    smoothed_s: float


class Suspend(Check):
    """Leads insulin to its rest, zero, while glucose or its linear trend is low.

    The trend is an exponential average of the difference quotients of the readings. Proposals go on being
    accepted meanwhile: they count again with the first reading that is not low.

    Source: the idea of predictive low-glucose suspension, Buckingham et al., "Prevention of nocturnal
    hypoglycemia using predictive alarm algorithms and insulin pump suspension" (2010).

    Args:
        settings: when insulin stops.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.forget()

    def forget(self) -> None:
        """Forget the readings, as after a reset."""
        self._value: float | None = None
        self._rate, self._stamp_ns = 0.0, 0

    def see(self, event: Event, situation: Situation) -> None:
        """Take a reading of glucose; one with the stamp of the last changes nothing."""
        mine = isinstance(event, VectorSeen) and event.sensor == self._settings.sensor
        if not mine or not isinstance(event, VectorSeen) or event.values is None:
            return
        value, elapsed_s = float(event.values[0]), (event.stamp_ns - self._stamp_ns) / 1e9
        if self._value is None or not math.isfinite(self._value):
            self._value, self._rate, self._stamp_ns = value, 0.0, event.stamp_ns
        elif elapsed_s > 0.0:
            share = -math.expm1(-elapsed_s / self._settings.smoothed_s)
            self._rate += share * ((value - self._value) / elapsed_s - self._rate)
            self._value, self._stamp_ns = value, event.stamp_ns
            if not math.isfinite(self._rate):
                self._rate = 0.0  # the value itself is judged

    @property
    def _soon(self) -> float:
        """Glucose at the end of the trend, mg/dl; NaN without any reading."""
        return math.nan if self._value is None else self._value + self._settings.ahead_s * self._rate

    @property
    def _is_low(self) -> bool:
        """Whether there may be no insulin; "not at least", so that NaN is low."""
        value, low = self._value, self._settings.low
        return value is None or not (value >= low and self._soon >= low)

    @property
    def retreat(self) -> float:
        """All of the way to zero while glucose is low or will be."""
        return 1.0 if self._is_low else 0.0

    def judge(self, situation: Situation) -> Verdict:
        """LIMITED while insulin is withheld."""
        if not self._is_low:
            return PASS
        value = math.nan if self._value is None else self._value
        return LOW_SOON.verdict(Level.LIMITED, value=value, soon=self._soon, low=self._settings.low)
