# SPDX-License-Identifier: Apache-2.0
"""The gate: starts every tick from "hold", runs all checks, and lets the worst verdict win."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.protocols import SafetyCheck
from ami_ros.safety.admission import Admission
from ami_ros.safety.checks.doubt import Doubt, ModelReport
from ami_ros.safety.checks.freshness import Freshness
from ami_ros.safety.checks.heartbeat import Heartbeat
from ami_ros.safety.checks.joint_trust import JointTrust
from ami_ros.safety.checks.recovery import Recovery
from ami_ros.safety.checks.still_image import StillImage
from ami_ros.safety.checks.still_joints import StillJoints
from ami_ros.safety.checks.tracking import Tracking
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.reference import reference
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.motion.stream_start import StreamStart
from ami_ros.safety.motion.zones import Zones
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Command, FloatArray, Level, Trajectory, Verdict, checked_joints


class Supervisor:
    """Follows accepted proposals within limits; holds when anything is wrong; stops latched when it must.

    A hold ends by itself when its cause is gone and a proposal planned since then came; a stop (the emergency
    stop, a robot that does not follow, or a check that says so) ends with `rearm` only.

    Args:
        spec: the robot.
        settings: the thresholds.
        extra_checks: further checks, next to the gate's own.
        joints_proven: trust the very first joint state, as in a simulator that has just been reset; else
            commands begin only after the first ones have agreed for a while.

    Raises:
        KinematicsError: the robot's URDF is missing or does not fit: without it no zone can be watched.
    """

    def __init__(
        self,
        spec: RobotSpec,
        settings: SafetySettings,
        extra_checks: Sequence[SafetyCheck] = (),
        joints_proven: bool = True,
    ) -> None:
        self._spec, self._settings, self._extra_checks = spec, settings, extra_checks
        own = MotionLimits.of(spec, Restrictions(), 1.0)
        self._start = StreamStart(own, 1.0 / settings.rate_hz)
        self._joint_trust = JointTrust(settings, own.velocity, joints_proven)
        self._count = len(spec.joint_names)
        self._freshness, self._tracking = Freshness(settings), Tracking(settings)
        self._still_image, self._doubt = StillImage(settings), Doubt(settings)
        self._still_joints = StillJoints(settings)
        self._checks: tuple[SafetyCheck, ...] = (
            self._freshness,
            self._joint_trust,
            self._still_image,
            self._still_joints,
            Heartbeat(settings),
            self._doubt,
            self._tracking,
            *extra_checks,
        )
        self._recovery = Recovery()
        self._admission = Admission(spec, settings)
        self._shapes = LinkShapes(spec)
        self.restrict(Restrictions())
        self._situation = Situation(now_ns=0)
        self._motion: ChannelState | None = None
        self._estop_pressed = False
        self._stopped: Verdict | None = None
        self._level = Level.HOLD

    @property
    def state(self) -> Level:
        """How far the gate intervened at the last tick; STOP as long as one is latched."""
        return self._level if self._stopped is None else Level.STOP

    def restrict(self, restrictions: Restrictions) -> None:
        """Put tighter limits in force, instead of the restrictions before.

        A robot that is too fast or outside already is slowed down or kept from going further out.

        Raises:
            ConfigError: one is malformed or looser than the robot's own; the old ones stay in force.
        """
        restrictions.check(self._spec)
        settings = self._settings
        zones = Zones(self._spec, restrictions, settings.workspace_margin, self._shapes)
        limits = MotionLimits.of(self._spec, restrictions, settings.speed_scale)
        self._stepping = Stepping(limits, zones, 1.0 / settings.rate_hz)

    def see_joints(self, position: FloatArray, stamp_ns: int, arrival_ns: int) -> None:
        """Take a joint state (J,) in the robot's order; give all of them, oldest first.

        Raises:
            JointStateError: wrong number, NaN or Inf; nothing of it is used.
        """
        measured = checked_joints(position, "joint state", self._count)
        self._joint_trust.see(measured, stamp_ns, arrival_ns)
        if self._motion is not None:
            self._still_joints.see(measured, self._motion.position)
        self._situation = replace(
            self._situation, measured=measured, joint_stamp_ns=stamp_ns, joint_arrival_ns=arrival_ns
        )

    def see_image(self, stamp_ns: int, arrival_ns: int, content: int | None = None) -> None:
        """Take the camera's sign of life; `content` is a hash of the pixels, None if not known."""
        if content is not None:
            self._still_image.see(content, self._tips())
        self._situation = replace(self._situation, camera_stamp_ns=stamp_ns, camera_arrival_ns=arrival_ns)

    def _tips(self) -> FloatArray | None:
        """Return where the tip is commanded and where it is measured to be (2, 3), m."""
        measured, motion = self._situation.measured, self._motion
        if measured is None or motion is None:
            return None
        return np.stack([self._shapes.tip(motion.position), self._shapes.tip(measured)])

    def see_planner(self, report: ModelReport, arrival_ns: int) -> None:
        """Take the planner's report: a sign of life, and how far its model can be trusted."""
        self._doubt.see(report, arrival_ns)
        self.see_planner_alive(arrival_ns)

    def see_planner_alive(self, arrival_ns: int) -> None:
        """Take a sign of life alone: nothing was planned, so nothing new is known about the model."""
        self._situation = replace(self._situation, planner_arrival_ns=arrival_ns)

    def submit(self, proposal: Trajectory, now_ns: int) -> Verdict:
        """Judge a proposal; follow it from the next tick if it passes, else keep the last one.

        While a stop is latched none is kept: what was planned meanwhile must not move the robot afterwards.
        """
        self._situation = replace(self._situation, proposal_arrival_ns=now_ns)
        verdict = self._admission.judge(proposal, self._situation.measured, now_ns)
        if verdict.level is Level.PASS and self._stopped is None:
            self._situation = replace(self._situation, proposal=proposal)
        return verdict

    def tick(self, now_ns: int) -> tuple[Command | None, Verdict]:
        """Return the command for this tick and why. None before commands may begin: nothing moves.

        Call at ``rate_hz``, whether or not anything arrived.
        """
        motion = self._motion
        at_rest = motion is None or not motion.velocity.any()
        self._situation = replace(self._situation, now_ns=now_ns, at_rest=at_rest)
        waits = self._begin() if motion is None else PASS
        verdict = self._judge() | waits
        motion = self._motion
        if motion is None:
            self._level = verdict.level
            return None, verdict
        proposal = self._situation.proposal
        if verdict.level >= Level.HOLD or proposal is None:
            motion = self._stepping.brake(motion)
        else:
            goal, feedforward = reference(proposal, now_ns)
            with np.errstate(all="ignore"):
                wanted = feedforward + self._settings.tracking_gain_hz * (goal - motion.position)
                wanted = wanted * self._doubt.speed_share
            motion, limited = self._stepping.toward(motion, wanted)
            verdict |= limited
        self._motion, self._level = motion, verdict.level
        self._situation = replace(self._situation, commanded=motion.position)
        return Command(motion.position, motion.velocity, now_ns, motion.acceleration), verdict

    def _begin(self) -> Verdict:
        """Begin the stream of commands, at rest where the robot is, if that is known and explained."""
        measured = self._situation.measured
        if measured is None:
            return PASS
        wait_s = self._start.wait_s(measured)
        others = max((check.judge(self._situation).level for check in self._extra_checks), default=Level.PASS)
        if self._where_it_is().level >= Level.HOLD or others >= Level.HOLD:
            return PASS  # the checks themselves say why
        if wait_s > 0.0:
            return ReasonCode.COMMANDS_WAIT.verdict(Level.HOLD, wait_s=wait_s)
        self._motion = ChannelState.at_rest(measured.copy())
        self._situation = replace(self._situation, commanded=self._motion.position)
        return PASS

    def _where_it_is(self) -> Verdict:
        """Return why nobody knows where the robot is."""
        return self._freshness.joints(self._situation) | self._joint_trust.judge(self._situation)

    def _judge(self) -> Verdict:
        """Run all checks; one that says STOP latches it."""
        latched = self._stopped or PASS
        known = {reason.code for reason in latched.reasons}
        verdict = latched
        for check in self._checks:
            found = check.judge(self._situation)
            if found.level is Level.STOP:
                self._latch(found)
            fresh = tuple(reason for reason in found.reasons if reason.code not in known)
            verdict |= Verdict(found.level, fresh)
        self._recovery.note(verdict, self._situation)
        if verdict.level < Level.HOLD:
            verdict |= self._recovery.judge(self._situation)
        return verdict

    def _latch(self, verdict: Verdict) -> None:
        if self._stopped is None:
            self._stopped = verdict
        self._forget_proposal()

    def _forget_proposal(self) -> None:
        self._situation = replace(self._situation, proposal=None)

    def estop(self, pressed: bool, now_ns: int) -> Verdict:
        """Press or release the e-stop. Pressing latches STOP; releasing alone never resumes."""
        self._estop_pressed = pressed
        if pressed:
            self._stopped = ReasonCode.ESTOP.verdict(Level.STOP, pressed_ns=now_ns)
            self._forget_proposal()
        return self._stopped or PASS

    def rearm(self, now_ns: int) -> Verdict:
        """Leave STOP if its cause is gone; only proposals stamped after `now_ns` move the robot again.

        Commands go on from where the robot is measured to be, at rest, as soon as a motion within the limits
        explains how it got there: until then there are none.

        Returns:
            PASS when armed, else STOP with the cause that persists.
        """
        if self._estop_pressed:
            return ReasonCode.ESTOP_STILL_PRESSED.verdict(Level.STOP)
        speed = 0.0 if self._motion is None else float(np.abs(self._motion.velocity).max())
        if speed > self._settings.standstill_speed:
            limit = self._settings.standstill_speed
            return ReasonCode.STILL_MOVING.verdict(Level.STOP, speed=speed, limit=limit)
        self._situation = replace(self._situation, now_ns=now_ns)
        measured = self._situation.measured
        if measured is not None:
            known = self._where_it_is()
            if known.level is not Level.PASS:
                # Commands go on from where the robot is: from where it was, they would make it jump.
                return Verdict(Level.STOP, known.reasons)
        for memory in (self._still_image, self._still_joints, self._doubt, self._tracking):
            memory.forget()
        there = replace(self._situation, proposal=None, proposal_arrival_ns=None, commanded=measured)
        persisting = PASS
        for check in self._checks:
            found = check.judge(there)
            persisting |= found if found.level is Level.STOP else PASS
        if persisting.level is Level.STOP:
            return persisting
        self._stopped, self._level = None, Level.HOLD
        self._admission.forget_before(now_ns)
        self._situation = replace(there, commanded=None)
        self._leave()
        return PASS

    def _leave(self) -> None:
        self._start.leave(self._motion)
        self._motion = None

    def reset(self, elsewhere: bool = False) -> None:
        """Forget everything but a latched stop and the restrictions: after a reset or a jump of the clock.

        Args:
            elsewhere: the robot was put elsewhere, as the reset of a simulator does; else commands that
                begin again have to be explained by a motion within the limits.
        """
        self._situation = Situation(now_ns=0)
        self._leave()
        if elsewhere:
            self._start.forget()
        self._level = Level.HOLD
        memories = (
            self._joint_trust,
            self._still_image,
            self._still_joints,
            self._doubt,
            self._tracking,
            self._recovery,
        )
        for memory in memories:
            memory.forget()
        self._admission.forget_before(None)
