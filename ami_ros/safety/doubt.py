# SPDX-License-Identifier: Apache-2.0
"""Hold when the planner's model is surprised, or unsure of itself, for longer than a moment."""

from __future__ import annotations

from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, RARE_SURPRISE, Level, Reason, Verdict


class Doubt:
    """Watches surprise and disagreement: numbers that are 1 where the training data was at its usual worst.

    A single high one is nothing, and silence after it is for `Heartbeat` to name. Reports that are all above
    a limit for more than `doubt_patience_s` hold the robot. So does surprise that stays between rare and its
    limit, but later: there doubt grows in proportion, as in a CUSUM chart. The planner cannot be right about
    what a held robot will do, so its surprise may not fall by itself: after `doubt_rest_s` the gate lets it
    try again.

    Source: Page, "Continuous inspection schemes" (1954); here one usual report ends all doubt.
    """

    def __init__(self, settings: SafetySettings) -> None:
        surprise, disagreement = settings.surprise_limit, settings.disagreement_limit
        # From where on doubt grows, and from where on at full speed.
        self._limits = {
            "SURPRISE_HIGH": (min(RARE_SURPRISE, surprise), surprise),
            "DISAGREEMENT_HIGH": (disagreement, disagreement),
        }
        self._patience_ns = round(settings.doubt_patience_s * 1e9)
        self._rest_ns = round(settings.doubt_rest_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget what the planner said."""
        self._values: dict[str, float] = {}
        self._grown_ns: dict[str, float] = {}
        self._latest_ns: dict[str, int] = {}
        self._held_ns: dict[str, int] = {}

    def see(self, surprise: float | None, disagreement: float | None, arrival_ns: int) -> None:
        """Take a report; None is not known, and NaN is high."""
        for code, value in (("SURPRISE_HIGH", surprise), ("DISAGREEMENT_HIGH", disagreement)):
            lower, upper = self._limits[code]
            if value is None or value <= lower:
                self._grown_ns.pop(code, None)
                continue
            share = (value - lower) / (upper - lower) if value < upper else 1.0
            before_ns = self._latest_ns[code] if code in self._grown_ns else arrival_ns
            self._grown_ns[code] = self._grown_ns.get(code, 0.0) + share * (arrival_ns - before_ns)
            self._values[code], self._latest_ns[code] = value, arrival_ns

    def judge(self, situation: Situation) -> Verdict:
        """HOLD for each of the two whose doubt has outgrown the patience, and while it rests."""
        verdict = PASS
        for code in self._limits:
            verdict |= self._judge(code, situation.now_ns)
        return verdict

    def _judge(self, code: str, now_ns: int) -> Verdict:
        grown, held = self._grown_ns.get(code), self._held_ns.get(code)
        if held is None and grown is not None and grown > self._patience_ns:
            held = self._held_ns[code] = now_ns
        if held is None:
            return PASS
        if grown is None or now_ns - held > self._rest_ns:
            del self._held_ns[code]
            self._grown_ns.pop(code, None)
            return PASS
        numbers = {"value": self._values[code], "limit": self._limits[code][1], "for_s": grown / 1e9}
        return Verdict(Level.HOLD, (Reason(code, numbers),))
