# SPDX-License-Identifier: Apache-2.0
"""The gate: starts every tick from "hold", runs all checks, and lets the worst verdict win."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ami_ros.embodiment import RobotSpec
from ami_ros.protocols import SafetyCheck
from ami_ros.safety.admission import Admission
from ami_ros.safety.freshness import Freshness
from ami_ros.safety.joint_limits import JointLimiter
from ami_ros.safety.reference import reference
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.safety.tracking import Tracking
from ami_ros.types import PASS, Command, FloatArray, Level, Reason, Trajectory, Verdict, checked_joints


class Supervisor:
    """Follows accepted proposals within limits; holds when anything is wrong; stops latched on e-stop.

    Args:
        spec: the robot.
        settings: the thresholds.
        extra_checks: further checks beside freshness and tracking.
    """

    def __init__(
        self, spec: RobotSpec, settings: SafetySettings, extra_checks: Sequence[SafetyCheck] = ()
    ) -> None:
        self._count = len(spec.joint_names)
        self._dt_s = 1.0 / settings.rate_hz
        self._gain_hz = settings.tracking_gain_hz
        self._freshness = Freshness(settings)
        self._checks: tuple[SafetyCheck, ...] = (self._freshness, Tracking(settings), *extra_checks)
        self._admission = Admission(spec, settings)
        self._limiter = JointLimiter(spec, settings.speed_scale, self._dt_s)
        self._situation = Situation(now_ns=0)
        self._velocity = np.zeros(self._count)
        self._estop_pressed = False
        self._stopped: Verdict | None = None

    def see_joints(self, position: FloatArray, stamp_ns: int, arrival_ns: int) -> None:
        """Take a joint state (J,) in the robot's order. The first one sets where commands start.

        Raises:
            JointStateError: wrong length or non-finite; the last good state stays and ages.
        """
        measured = checked_joints(position, "joint state", self._count)
        commanded = measured.copy() if self._situation.commanded is None else self._situation.commanded
        self._situation = replace(
            self._situation,
            measured=measured,
            joint_stamp_ns=stamp_ns,
            joint_arrival_ns=arrival_ns,
            commanded=commanded,
        )

    def see_image(self, stamp_ns: int, arrival_ns: int) -> None:
        """Take the camera's heartbeat."""
        self._situation = replace(self._situation, camera_stamp_ns=stamp_ns, camera_arrival_ns=arrival_ns)

    def submit(self, proposal: Trajectory, now_ns: int) -> Verdict:
        """Judge a proposal; follow it from the next tick if it passes, else keep the last one."""
        verdict = self._admission.judge(proposal, self._situation.measured, now_ns)
        if verdict.level is Level.PASS:
            self._situation = replace(self._situation, proposal=proposal)
        return verdict

    def tick(self, now_ns: int) -> tuple[Command | None, Verdict]:
        """Return the command for this tick and why. None before the first joint state: nothing may move.

        Call at ``rate_hz``, whether or not anything arrived.
        """
        self._situation = replace(self._situation, now_ns=now_ns)
        verdict = PASS if self._stopped is None else self._stopped
        for check in self._checks:
            verdict |= check.judge(self._situation)
        position = self._situation.commanded
        if position is None:
            return None, verdict
        wanted = np.zeros(self._count)
        if verdict.level < Level.HOLD and self._situation.proposal is not None:
            goal, feedforward = reference(self._situation.proposal, now_ns)
            wanted = feedforward + self._gain_hz * (goal - position)
        velocity, limited = self._limiter.limit(position, self._velocity, wanted)
        self._velocity = velocity
        position = position + velocity * self._dt_s
        self._situation = replace(self._situation, commanded=position)
        return Command(position, velocity, now_ns), verdict | limited

    def estop(self, pressed: bool, now_ns: int) -> Verdict:
        """Press or release the e-stop. Pressing latches STOP; releasing alone never resumes."""
        self._estop_pressed = pressed
        if pressed:
            self._stopped = Verdict(Level.STOP, (Reason("ESTOP", {"pressed_ns": now_ns}),))
            self._situation = replace(self._situation, proposal=None)
        return self._stopped or PASS

    def rearm(self, now_ns: int) -> Verdict:
        """Leave STOP if its cause is gone; only proposals stamped after `now_ns` move the robot again.

        Returns:
            PASS when armed, else STOP with the cause that persists.
        """
        if self._estop_pressed:
            return Verdict(Level.STOP, (Reason("ESTOP_STILL_PRESSED"),))
        if float(np.abs(self._velocity).max()) > 0.0:
            return Verdict(
                Level.STOP, (Reason("STILL_MOVING", {"speed": float(np.abs(self._velocity).max())}),)
            )
        joints = self._freshness.joints(replace(self._situation, now_ns=now_ns))
        if self._situation.measured is not None and joints.level is not Level.PASS:
            # Commands go on from where the robot is: from where it was, they would make it jump.
            return Verdict(Level.STOP, joints.reasons)
        self._stopped = None
        self._admission.forget_before(now_ns)
        self._situation = replace(self._situation, proposal=None, commanded=self._situation.measured)
        return PASS

    def reset(self) -> None:
        """Forget everything but a latched stop: after a simulator reset or a clock that jumped back."""
        self._situation = Situation(now_ns=0)
        self._velocity = np.zeros(self._count)
        self._admission.forget_before(None)
