# SPDX-License-Identifier: Apache-2.0
"""Hold while the newest reading of a sensor is of the wrong size, or not finite."""

from __future__ import annotations

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, ReadingRefused, VectorSeen
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import NoSettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Verdict


class Malformed(Check):
    """Remembers which vector sensors sent an unusable reading; a good reading ends it.

    Such a reading is discarded, so the last good one ages as well. Waiting for that could take long: a
    temperature may be allowed to be a minute old.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget what was refused, as after a reset."""
        self._refused: dict[str, str] = {}

    def see(self, event: Event, situation: Situation) -> None:
        """Note a refused or a good reading."""
        if isinstance(event, ReadingRefused):
            self._refused[event.sensor] = event.why
        elif isinstance(event, VectorSeen):
            self._refused.pop(event.sensor, None)

    def judge(self, situation: Situation) -> Verdict:
        """HOLD for each sensor whose newest reading was refused."""
        verdict = PASS
        for sensor, why in self._refused.items():
            verdict |= ReasonCode.SENSOR_MALFORMED.verdict(Level.HOLD, sensor=sensor, error=why)
        return verdict


def build(context: CheckContext, settings: NoSettings) -> list[Check]:
    """Return the check, of any body."""
    return [Malformed()]
