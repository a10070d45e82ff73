# SPDX-License-Identifier: Apache-2.0
"""Hold when the planner's model is surprised, or unsure of itself, for longer than a moment."""

from __future__ import annotations

from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Level, Reason, Verdict


class Doubt:
    """Watches surprise and disagreement: numbers that are 1 where the training data was at its usual worst.

    A single high one is nothing, and silence after it is for `Heartbeat` to name. Reports that are all high
    for more than `doubt_patience_s` hold the robot. The planner cannot be right about what a held robot will
    do, so its surprise may not fall by itself: after `doubt_rest_s` the gate lets it try again.
    """

    def __init__(self, settings: SafetySettings) -> None:
        self._limits = {
            "SURPRISE_HIGH": settings.surprise_limit,
            "DISAGREEMENT_HIGH": settings.disagreement_limit,
        }
        self._patience_ns = round(settings.doubt_patience_s * 1e9)
        self._rest_ns = round(settings.doubt_rest_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget what the planner said."""
        self._values: dict[str, float] = {}
        self._since_ns: dict[str, int] = {}
        self._latest_ns: dict[str, int] = {}
        self._held_ns: dict[str, int] = {}

    def see(self, surprise: float | None, disagreement: float | None, arrival_ns: int) -> None:
        """Take a report; None is not known, and NaN is high."""
        for code, value in (("SURPRISE_HIGH", surprise), ("DISAGREEMENT_HIGH", disagreement)):
            if value is None or value <= self._limits[code]:
                self._since_ns.pop(code, None)
            else:
                self._values[code], self._latest_ns[code] = value, arrival_ns
                self._since_ns.setdefault(code, arrival_ns)

    def judge(self, situation: Situation) -> Verdict:
        """HOLD for each of the two that has been high for longer than the patience, and while it rests."""
        verdict = PASS
        for code in self._limits:
            verdict |= self._judge(code, situation.now_ns)
        return verdict

    def _judge(self, code: str, now_ns: int) -> Verdict:
        since, held = self._since_ns.get(code), self._held_ns.get(code)
        lasted_ns = 0 if since is None else self._latest_ns[code] - since
        if held is None and lasted_ns > self._patience_ns:
            held = self._held_ns[code] = now_ns
        if held is None:
            return PASS
        if since is None or now_ns - held > self._rest_ns:
            del self._held_ns[code]
            self._since_ns.pop(code, None)
            return PASS
        numbers = {"value": self._values[code], "limit": self._limits[code], "for_s": lasted_ns / 1e9}
        return Verdict(Level.HOLD, (Reason(code, numbers),))
