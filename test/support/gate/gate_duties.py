# SPDX-License-Identifier: Apache-2.0
"""When the gate has to hold the robot, worked out from the messages alone: no code of ami_ros/safety."""

from __future__ import annotations

import numpy as np
from gate_arm import tip
from robots import AGE_S, CAMERA, JOINT_SENSOR

from ami_ros.safety.settings import SafetySettings
from ami_ros.types import FloatArray

NEVER_NS = -(2**62)
NO_DISTURBANCE = ("proposal", "the planner is", "missing")


class Duties:
    """What was received, and what follows from it.

    Attributes:
        joints, image, plan: stamp and arrival of the newest, ns.
        alive_ns: when the planner last reported.
        measured, commanded: (J,) rad.
        disturbed_ns: until when something other than a proposal was missing or wrong.
    """

    def __init__(self, settings: SafetySettings, fastest: FloatArray | None) -> None:
        self._settings, self._fastest = settings, fastest
        self.forget()

    def forget(self) -> None:
        """As after a reset."""
        self.joints: tuple[int | None, ...] = (None, None)
        self.image: tuple[int | None, ...] = (None, None)
        self.plan: tuple[int | None, ...] = (None,)
        self.alive_ns: int | None = None
        self.measured: FloatArray | None = None
        self.commanded: FloatArray | None = None
        self.disturbed_ns = NEVER_NS
        self._doubt_since: list[int | None] = [None, None]
        self._doubt_told: list[int | None] = [None, None]
        self._look: float | None = None
        self._strange = False
        self._joint_stamp_ns: int | None = None
        self.contradicted_ns: int | None = None
        self.heard_ns: int | None = None
        self._place: FloatArray | None = None
        self._travel = 0.0
        self._told: FloatArray | None = None
        self._commanded_way = 0.0
        self._gives_way = False

    def rearmed(self) -> None:
        """As after a re-arm: somebody has looked, and the commands begin again."""
        self.commanded = self._place = self._told = self._look = None
        self._travel = self._commanded_way = 0.0
        self._doubt_since, self._doubt_told, self._strange = [None, None], [None, None], False
        self._gives_way = False

    def see_image(self, stamp_ns: int, now_ns: int, repeated: bool) -> None:
        """Take an image."""
        self.image = (stamp_ns, now_ns)
        place = None
        if self.measured is not None and self.commanded is not None:
            place = np.stack([tip(self.measured), tip(self.commanded)])
        if not repeated or self._place is None:
            self._place, self._travel = place, 0.0
        elif place is not None:
            # Told to move and measured to have moved: either alone may be a mistake.
            self._travel = max(self._travel, float(np.linalg.norm(place - self._place, axis=1).min()))

    def see_joints(self, position: FloatArray, stamp_ns: int, now_ns: int) -> None:
        """Take a joint state (J,)."""
        self.heard_ns = now_ns if self.heard_ns is None else self.heard_ns
        if self.measured is not None and self._joint_stamp_ns is not None and self._fastest is not None:
            elapsed_s = max(0, stamp_ns - self._joint_stamp_ns) / 1e9
            reach = self._fastest * elapsed_s + self._settings.checks["place_trust"].joint_jump
            if (np.abs(position - self.measured) > reach + 1e-9).any():
                self.contradicted_ns = now_ns
        self._joint_stamp_ns = stamp_ns
        same = self.measured is not None and np.array_equal(position, self.measured)
        if same and self.commanded is not None and self._told is not None:
            before, now = (float(np.abs(c - position).max()) for c in (self._told, self.commanded))
            if not now < before > 0.5 * self._settings.tracking_error:  # it may give way to what holds it
                self._commanded_way += float(np.abs(self.commanded - self._told).max())
        else:
            self._commanded_way = 0.0
        self._told = None if self.commanded is None else self.commanded.copy()
        self.measured = position.copy()

    def see_report(
        self, now_ns: int, surprise: float | None, disagreement: float | None, look: float | None
    ) -> None:
        """Take a report of the planner."""
        self.alive_ns = now_ns
        self._look = look
        self._strange &= look is not None and not look <= 1.0
        limits = (
            self._settings.checks["doubt"].surprise_limit,
            self._settings.checks["doubt"].disagreement_limit,
        )
        for i, (value, limit) in enumerate(zip((surprise, disagreement), limits, strict=True)):
            doubts = value is not None and not value <= limit
            since = self._doubt_since[i] = (self._doubt_since[i] or now_ns) if doubts else None
            lasted = since is not None and (now_ns - since) / 1e9 > self._settings.checks["doubt"].patience_s
            self._doubt_told[i] = (self._doubt_told[i] or now_ns) if lasted else None

    def must_hold(self, now_ns: int, at_rest: bool) -> list[str]:
        """Return every reason to hold the robot at this tick."""
        s = self._settings
        found = []
        self._strange |= (
            at_rest and self._look is not None and not self._look <= s.checks["doubt"].surprise_limit
        )
        if self._strange:
            found.append("a robot at rest that does not know what it sees")
        if self.unknown_place(now_ns):
            found.append("joint states contradict each other")
        for what, seen, limit_s in (
            ("joints", self.joints, AGE_S[JOINT_SENSOR]),
            ("camera", self.image, AGE_S[CAMERA]),
            ("proposal", self.plan, s.proposal_age_s),
        ):
            ages = [None if t is None else (now_ns - t) / 1e9 for t in seen]
            if any(age is None or age > limit_s or age < -s.future_tolerance_s for age in ages):
                found.append(f"{'missing ' if None in ages else ''}{what} of ages {ages}")
        if (
            self.alive_ns is not None
            and (now_ns - self.alive_ns) / 1e9 > s.checks["heartbeat"].planner_silence_s
        ):
            found.append("the planner is silent")
        for told in self._doubt_told:
            # Later it is tried again: a robot that is held surprises its model for that reason alone.
            if told is not None and (now_ns - told) / 1e9 < s.checks["doubt"].rest_s:
                found.append("the model doubts")
        if self._gap() > s.tracking_error:
            found.append("tracking error")
        if self._commanded_way > s.still_joints_travel + 1e-9:
            found.append(f"the joints stay although commands moved by {self._commanded_way}")
        if self._travel > s.checks["still_image"].travel + 1e-9:
            found.append(f"the picture stays although the tip moved by {self._travel} m")
        if any(not cause.startswith(NO_DISTURBANCE) for cause in found):
            self.disturbed_ns = now_ns
        return found

    def may_give_way(self, now_ns: int) -> bool:
        """Return whether a hold at this tick may move the commands, and only back to where the robot is."""
        limit = self._settings.tracking_error
        self._gives_way = self._gap() > (0.5 * limit if self._gives_way else limit)
        ages = [None if t is None else (now_ns - t) / 1e9 for t in self.joints]
        fresh = all(
            a is not None and -self._settings.future_tolerance_s <= a <= AGE_S[JOINT_SENSOR] for a in ages
        )
        return self._gives_way and fresh and not self.unknown_place(now_ns)

    def unknown_place(self, now_ns: int) -> bool:
        """Whether joint states contradicted each other a moment ago, or have not agreed for long enough yet."""
        settle_s = self._settings.checks["place_trust"].joint_settle_s
        times = [t for t in (self.contradicted_ns, self.heard_ns) if t is not None]
        # The gate stamps its ticks up to a millisecond later than they are.
        return any(now_ns - t >= 0 and (now_ns - t) / 1e9 < settle_s - 0.002 for t in times)

    def _gap(self) -> float:
        if self.measured is None or self.commanded is None:
            return 0.0
        return float(np.abs(self.commanded - self.measured).max())
