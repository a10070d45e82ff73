# SPDX-License-Identifier: Apache-2.0
"""Hold when the planner's model is surprised, or unsure of itself; move again carefully, and not forever."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, PlannerReported, RearmAsked
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.settings.fields import setting
from ami_ros.types import PASS, RARE_SURPRISE, Level, Verdict

SURPRISE, DISAGREEMENT = ReasonCode.SURPRISE_HIGH, ReasonCode.DISAGREEMENT_HIGH


@dataclass(frozen=True)
class Settings:
    """From where on a report is doubt, how much of it holds, and how the robot tries again."""

    surprise_limit: float = setting("surprise that counts in full; 1 is rare", gt=0.0, le=100.0)
    disagreement_limit: float = setting("highest disagreement, 1 is usual", gt=0.0, le=100.0)
    patience_s: float = setting(
        "doubt (surprise or disagreement) that lasts longer holds the robot", gt=0.0, le=10.0, unit="s"
    )
    rest_s: float = setting(
        "duration of the first such hold before another try; it doubles with each further one",
        gt=0.0,
        le=60.0,
        unit="s",
    )
    tries: int = setting("tries after such holds before the robot stops", ge=0, le=100)
    speed: float = setting("share of the wanted velocity in such a try", gt=0.0, le=1.0)
    trust_s: float = setting(
        "time without doubt after which past doubt is forgotten", gt=0.0, le=600.0, unit="s"
    )

    def paced(self, late_s: float) -> Settings:
        """Return these where a report that takes `late_s` is not late: one alone holds nothing."""
        return replace(
            self,
            patience_s=max(self.patience_s, late_s),
            rest_s=max(self.rest_s, late_s),
            trust_s=max(self.trust_s, late_s),
        )


class Doubt(Check):
    """Watches what the planner reports of its model.

    What an observation alone shows (appearance, pose, novelty) is judged before anything moves: a robot at
    rest stays at rest while the world looks unfamiliar to the model.

    A moving robot gets more patience. A single high report does not count, and `Heartbeat` reports the
    silence after it. Reports that are all above a limit for more than `patience_s` hold the robot. So
    does surprise that stays between rare and its limit, but later: there doubt grows in proportion, as in a
    CUSUM chart. After a rest the robot may try again, slowly. Each further hold rests twice as long, and
    after `tries` holds it stops: an operator has to look. `trust_s` without doubt ends that.

    Source: Page, "Continuous inspection schemes" (1954); here one usual report ends all doubt.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        surprise, disagreement = settings.surprise_limit, settings.disagreement_limit
        # Where doubt starts to grow, and where it grows at full speed.
        self._limits = {
            SURPRISE: (min(RARE_SURPRISE, surprise), surprise),
            DISAGREEMENT: (disagreement, disagreement),
        }
        self._patience_ns = round(settings.patience_s * 1e9)
        self._rest_ns = round(settings.rest_s * 1e9)
        self._trust_ns = round(settings.trust_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget the planner's reports, as after a reset or a re-arm."""
        self._look: float | None = None
        self._look_held = False
        self._values: dict[ReasonCode, float] = {}
        self._grown_ns: dict[ReasonCode, float] = {}
        self._latest_ns: dict[ReasonCode, int] = {}
        self._held_ns: dict[ReasonCode, int] = {}
        self._tries = 0
        self._trusted_since_ns: int | None = None

    @property
    def speed_share(self) -> float:
        """Share of the wanted velocity that may be used: less after a hold, until trust is back."""
        return self._settings.speed if self._tries else 1.0

    def see(self, event: Event, situation: Situation) -> None:
        """Take a report of the planner."""
        if isinstance(event, RearmAsked):
            self.forget()
        elif isinstance(event, PlannerReported):
            self._grow(event.report, event.arrival_ns)

    def _grow(self, report: ModelReport, arrival_ns: int) -> None:
        self._look = report.surprise_at_rest
        for code, value in ((SURPRISE, report.surprise), (DISAGREEMENT, report.disagreement)):
            lower, upper = self._limits[code]
            if value is None or value <= lower:
                self._grown_ns.pop(code, None)
                continue
            share = (value - lower) / (upper - lower) if value < upper else 1.0
            before_ns = self._latest_ns[code] if code in self._grown_ns else arrival_ns
            self._grown_ns[code] = self._grown_ns.get(code, 0.0) + share * (arrival_ns - before_ns)
            self._values[code], self._latest_ns[code] = value, arrival_ns

    def judge(self, situation: Situation) -> Verdict:
        """HOLD for what an observation shows and for each doubt beyond the patience; in the end STOP."""
        now = situation.now_ns
        verdict = self._judge_look(situation.at_rest)
        if self._look_held and SURPRISE in self._held_ns:
            self._held_ns[SURPRISE] = now  # no try while that lasts, and no try wasted
        for code in self._limits:
            verdict |= self._judge_motion(code, now)
        if self._tries > self._settings.tries:
            tries = self._settings.tries
            return verdict | ReasonCode.DOUBT_LASTING.verdict(Level.STOP, holds=self._tries, tries=tries)
        self._regain_trust(verdict, now)
        return verdict

    def _judge_look(self, at_rest: bool) -> Verdict:
        rare, limit = self._limits[SURPRISE]
        look = self._look
        # "Not at most": NaN is high. What holds the robot once has to be gone, not just a little lower.
        allowed = rare if self._look_held else limit
        self._look_held = (at_rest or self._look_held) and look is not None and not look <= allowed
        if not self._look_held or look is None:
            return PASS
        return SURPRISE.verdict(Level.HOLD, at_rest=look, limit=allowed)

    def _judge_motion(self, code: ReasonCode, now_ns: int) -> Verdict:
        grown, held = self._grown_ns.get(code), self._held_ns.get(code)
        if held is None and grown is not None and grown > self._patience_ns:
            held = self._held_ns[code] = now_ns
            self._tries += 1
            self._trusted_since_ns = None
        if held is None:
            return PASS
        rest_ns = self._rest_ns * 2 ** max(0, self._tries - 1)
        if grown is None or now_ns - held > rest_ns:
            del self._held_ns[code]
            self._grown_ns.pop(code, None)
            return PASS
        numbers = {"value": self._values[code], "limit": self._limits[code][1], "for_s": grown / 1e9}
        return code.verdict(Level.HOLD, **numbers, rest_s=rest_ns / 1e9)

    def _regain_trust(self, verdict: Verdict, now_ns: int) -> None:
        if verdict.level >= Level.HOLD or self._grown_ns:
            self._trusted_since_ns = None
        elif self._trusted_since_ns is None:
            self._trusted_since_ns = now_ns
        elif now_ns - self._trusted_since_ns > self._trust_ns:
            self._tries = 0


def build(context: CheckContext, settings: Settings) -> list[Check]:
    """Return the check, of any body."""
    return [Doubt(settings)]
