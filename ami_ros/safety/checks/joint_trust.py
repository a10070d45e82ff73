# SPDX-License-Identifier: Apache-2.0
"""Hold when joint states contradict each other: then nobody knows where the robot is."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.checks.check import Check
from ami_ros.safety.events import Event, JointsSeen
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, FloatArray, Level, Verdict


class JointTrust(Check):
    """Compares each joint state with the one before it.

    Between two stamps no joint gets further than its velocity limit allows. Joint states that say otherwise
    come from two sources, or from one that is broken, and the newest is no better than the last. They are
    trusted again when they have agreed for `joint_settle_s`.

    Args:
        settings: the thresholds.
        velocity: (J,) the robot's own limits, rad/s or m/s; None where it has none.
        proven: trust the very first joint state. Else the first ones have to agree for as long.
    """

    def __init__(self, settings: SafetySettings, velocity: FloatArray | None, proven: bool) -> None:
        self._velocity: FloatArray | float = np.inf if velocity is None else velocity
        self._proven = proven
        self._jump = settings.joint_jump
        self._settle_ns = round(settings.joint_settle_s * 1e9)
        self.forget()

    def forget(self) -> None:
        """Forget all joint states, as after a reset. Not at a re-arm: they still say where the robot is."""
        self._position: FloatArray | None = None
        self._stamp_ns = 0
        self._first_ns: int | None = None
        self._contradicted_ns: int | None = None
        self._numbers: dict[str, float | int] = {}

    def see(self, event: Event, situation: Situation) -> None:
        """Take a joint state, and compare it with the one before."""
        if not isinstance(event, JointsSeen):
            return
        position, stamp_ns, arrival_ns = event.position, event.stamp_ns, event.arrival_ns
        before, elapsed_s = self._position, max(0, stamp_ns - self._stamp_ns) / 1e9
        self._position, self._stamp_ns = position, stamp_ns
        if before is None:
            self._first_ns = arrival_ns
            return
        gap = np.abs(position - before)
        excess = gap - self._jump - (self._velocity * elapsed_s if elapsed_s > 0.0 else 0.0)
        if (excess <= 0.0).all():
            return
        joint = int(excess.argmax())
        self._contradicted_ns = arrival_ns
        self._numbers = {"joint_index": joint, "gap": float(gap[joint]), "within_s": elapsed_s}

    def judge(self, situation: Situation) -> Verdict:
        """HOLD until joint states have agreed for `joint_settle_s`."""
        now, first, contradicted = situation.now_ns, self._first_ns, self._contradicted_ns
        if contradicted is not None and abs(now - contradicted) <= self._settle_ns:
            return ReasonCode.JOINTS_CONTRADICT.verdict(Level.HOLD, **self._numbers)
        if not self._proven and first is not None and now - first < self._settle_ns:
            return ReasonCode.JOINTS_UNPROVEN.verdict(Level.HOLD, for_s=(now - first) / 1e9)
        return PASS
