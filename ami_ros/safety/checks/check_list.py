# SPDX-License-Identifier: Apache-2.0
"""All checks of one gate: fed, judged and made to forget together."""

from __future__ import annotations

from collections.abc import Sequence

from ami_ros.safety.checks.astray import Astray
from ami_ros.safety.checks.check import Check
from ami_ros.safety.checks.doubt import Doubt
from ami_ros.safety.checks.freshness import Freshness
from ami_ros.safety.checks.heartbeat import Heartbeat
from ami_ros.safety.checks.malformed import Malformed
from ami_ros.safety.checks.place_trust import PlaceTrust
from ami_ros.safety.checks.recovery import Recovery
from ami_ros.safety.checks.still_image import StillImage
from ami_ros.safety.checks.still_joints import StillJoints
from ami_ros.safety.checks.still_sensor import StillSensor
from ami_ros.safety.checks.tracking import Tracking
from ami_ros.safety.events import Event, JointsSeen, PoseSeen
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.safety.watched_sensor import IMAGE
from ami_ros.types import PASS, FloatArray, Level, Verdict


class CheckList:
    """Holds the checks that fit a body. A new check needs its own file and one line in the list below.

    Args:
        body: determines which checks apply.
        settings: the thresholds.
        from_outside: checks in addition to the gate's own.
        proven: see `PlaceTrust`.
        whereabouts: of a base, kept up to date by the supervisor.
    """

    def __init__(
        self,
        body: GateBody,
        settings: SafetySettings,
        from_outside: Sequence[Check],
        proven: bool,
        whereabouts: Whereabouts,
    ) -> None:
        sensors, measured, shapes, place = body.sensors, body.is_measured, body.shapes, body.place_sensor
        images = [sensor for sensor in sensors if sensor.kind == IMAGE]
        self._freshness, self._doubt = Freshness(sensors, settings, place), Doubt(settings)
        self._trust: PlaceTrust | None = None
        if measured:
            self._trust = PlaceTrust(JointsSeen, settings, body.limits.velocity, proven)
        elif place is not None:
            self._trust = PlaceTrust(PoseSeen, settings, whereabouts.fastest, proven)
        self._tracking = Tracking(settings) if measured else None
        self._outside = tuple(from_outside)
        # In the order in which their reasons are reported.
        self._checks: tuple[Check, ...] = (
            self._freshness,
            *([self._trust] if self._trust is not None else []),
            *([StillImage(s, sensors, shapes, settings) for s in images] if measured and shapes else []),
            *([StillJoints(settings)] if measured else []),
            *([Astray(place, whereabouts, settings)] if place is not None and not measured else []),
            *[StillSensor(sensor, sensors) for sensor in sensors if sensor.freeze_s is not None],
            Malformed(),
            Heartbeat(settings),
            self._doubt,
            *([self._tracking] if self._tracking is not None else []),
            *self._outside,
        )
        # Not one of them: it judges the verdicts of the others.
        self._recovery = Recovery()

    @property
    def speed_share(self) -> float:
        """Share of the wanted velocity that may be used."""
        return self._doubt.speed_share

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
        trusted = PASS if self._trust is None else self._trust.judge(situation)
        return self._freshness.place(situation) | trusted

    def may_begin(self, situation: Situation) -> bool:
        """Whether commands may begin: the body's position is known, and no check from outside objects."""
        others = max((check.judge(situation).level for check in self._outside), default=Level.PASS)
        return max(self.place(situation).level, others) < Level.HOLD
