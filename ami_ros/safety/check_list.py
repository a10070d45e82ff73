# SPDX-License-Identifier: Apache-2.0
"""All checks of one gate: fed, judged and made to forget together."""

from __future__ import annotations

from collections.abc import Sequence

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.checks.tracking import Tracking
from ami_ros.safety.events import Event
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.recovery import Recovery
from ami_ros.safety.sections import CHECKS, build, overriding
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, FloatArray, Level, Verdict


class CheckList:
    """Holds the checks that fit a body: those of safety/checks, and what the settings name from elsewhere.

    Reasons are reported in the order of the sections in the settings. The level does not depend on it.

    Args:
        body: determines which checks apply.
        settings: the thresholds.
        from_outside: checks in addition to those that the settings name.
        proven: see `CheckContext`.
        whereabouts: of a base, kept up to date by the supervisor.

    Raises:
        ConfigError: a check of another package cannot be built.
    """

    def __init__(
        self,
        body: GateBody,
        settings: SafetySettings,
        from_outside: Sequence[Check],
        proven: bool,
        whereabouts: Whereabouts,
    ) -> None:
        context = CheckContext(body, settings, proven, whereabouts)
        self._outside = tuple(from_outside)
        named = build(CHECKS, Check, settings.checks, context)  # type: ignore[type-abstract]
        self._checks = (*named, *self._outside)
        self._placing = overriding(self._checks, Check, "place")
        self._retreating = overriding(self._checks, Check, "retreat")
        self._slowing = overriding(self._checks, Check, "speed_share")
        # The only one that may move a robot in a hold, so it is asked by name.
        self._tracking = next((check for check in self._checks if isinstance(check, Tracking)), None)
        # Not one of them: it judges the verdicts of the others.
        self._recovery = Recovery()

    @property
    def speed_share(self) -> float:
        """Share of the wanted velocity that may be used; what is no share of a check lets nothing move."""
        shares = [check.speed_share for check in self._slowing]
        return min(shares, default=1.0) if all(0.0 <= share <= 1.0 for share in shares) else 0.0

    @property
    def retreat(self) -> float:
        """Share of the way to the rest of set points, see `Check.retreat`; what is no share is all of it."""
        shares = [check.retreat for check in self._retreating]
        return max(shares, default=0.0) if all(0.0 <= share <= 1.0 for share in shares) else 1.0

    def see(self, event: Event, situation: Situation) -> None:
        """Pass an event to every check; `situation` is what is known with it."""
        for check in self._checks:
            check.see(event, situation)

    def forget(self) -> None:
        """Let every check forget what it has seen, as after a reset."""
        for check in self._checks:
            check.forget()
        self._recovery.forget()

    def judge(self, situation: Situation) -> list[Verdict]:
        """Return the verdict of each check, in order."""
        return [check.judge(situation) for check in self._checks]

    def follow_up(self, verdict: Verdict, situation: Situation) -> Verdict:
        """Return what the end of a hold requires, after the joint `verdict` of all checks."""
        self._recovery.note(verdict, situation)
        return self._recovery.judge(situation) if verdict.level < Level.HOLD else PASS

    def give_way(self, verdict: Verdict, situation: Situation) -> FloatArray | None:
        """Return the velocity (C,) with which a hold gives way to what is in the way; None: it stands still.

        That requires a known position. A stop always stands still.
        """
        if self._tracking is None or verdict.level is not Level.HOLD:
            return None
        return self._tracking.give_way(situation) if self.place(situation).level is Level.PASS else None

    def place(self, situation: Situation) -> Verdict:
        """Return why the body's position is unknown; PASS for a body that measures nothing."""
        verdict = PASS
        for check in self._placing:
            verdict |= check.place(situation)
        return verdict

    def may_begin(self, situation: Situation) -> bool:
        """Whether commands may begin: the body's position is known, and no check from outside objects."""
        others = max((check.judge(situation).level for check in self._outside), default=Level.PASS)
        return max(self.place(situation).level, others) < Level.HOLD
