# SPDX-License-Identifier: Apache-2.0
"""The gate: starts every tick from "hold", runs all checks, and lets the worst verdict win."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ami_ros.errors import ConfigError, JointStateError
from ami_ros.safety.admission import Admission
from ami_ros.safety.checks.check import Check
from ami_ros.safety.checks.check_list import CheckList
from ami_ros.safety.events import (
    Event,
    ImageSeen,
    JointsSeen,
    PlannerReported,
    PoseSeen,
    ReadingRefused,
    RearmAsked,
    VectorSeen,
)
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.in_force import LimitsInForce
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.reference import reference
from ami_ros.safety.motion.stream_start import StreamStart
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Seen, Situation
from ami_ros.safety.watched_sensor import IMAGE, VECTOR
from ami_ros.types import PASS, Command, FloatArray, Level, Trajectory, Verdict, checked_joints


class Supervisor:
    """Follows accepted proposals within limits; holds when anything is wrong; stops latched when it must.

    A hold ends by itself when its cause is gone and a proposal planned since then has arrived. A stop (the
    emergency stop, a robot that does not follow, or a check that demands it) ends only with `rearm`.

    Args:
        body: what is moved, and what senses it.
        settings: the thresholds.
        extra_checks: checks in addition to the gate's own.
        proven: trust the very first joint state or pose, as of a simulator; else some have to agree first.
        stopped: the STOP that is latched from the beginning, as by a gate before this one; None for none.
    """

    def __init__(
        self,
        body: GateBody,
        settings: SafetySettings,
        extra_checks: Sequence[Check] = (),
        proven: bool = True,
        stopped: Verdict | None = None,
    ) -> None:
        self._body, self._settings = body, settings
        self._kinds = {sensor.name: sensor.kind for sensor in body.sensors}
        self._start = StreamStart(MotionLimits.of(body, Restrictions(), 1.0), 1.0 / settings.rate_hz)
        self._whereabouts = Whereabouts(body, settings)
        self._checks = CheckList(body, settings, extra_checks, proven, self._whereabouts)
        self._admission = Admission(body, settings)
        self._limits = LimitsInForce(body, settings, self._whereabouts)
        self._situation = Situation(now_ns=0)
        self._commanded: ChannelState | None = None
        self._estop_pressed, self._level, self._stopped = False, Level.HOLD, stopped

    @property
    def state(self) -> Level:
        """How far the gate intervened at the last tick; STOP as long as one is latched."""
        return self._level if self._stopped is None else Level.STOP

    @property
    def at_rest(self) -> bool:
        """Whether the last command moved nothing, or there is none."""
        # Values that are velocities approach rest asymptotically, others reach it.
        slow = 0.0 if self._body.rest is None else self._settings.standstill_speed
        return self._speed() <= slow

    def _speed(self) -> float:
        state = self._commanded
        return 0.0 if state is None else self._body.speed(state.position, state.velocity)

    def restrict(self, restrictions: Restrictions) -> None:
        """Put tighter limits in force, instead of the restrictions before; see `LimitsInForce`.

        Raises:
            ConfigError: one is malformed or looser than the robot's own; the old ones stay in force.
        """
        self._limits.restrict(restrictions)

    # What is sensed and planned

    def see_joints(self, position: FloatArray, stamp_ns: int, arrival_ns: int) -> None:
        """Take a joint state (C,) in the body's order; pass every one, oldest first.

        Raises:
            JointStateError: wrong size, NaN or Inf, or a body without joint sensor; the reading is discarded.
        """
        sensor = self._body.joint_sensor
        if sensor is None:
            raise JointStateError(f"joint state: got one, but {self._body.name} has no sensor for it")
        there = checked_joints(position, "joint state", len(self._body.channels))
        self._read(sensor.name, JointsSeen(there, stamp_ns, arrival_ns), stamp_ns, arrival_ns, measured=there)

    def see_image(self, sensor: str, content: int | None, stamp_ns: int, arrival_ns: int) -> None:
        """Take a camera's sign of life; `content` is a hash of the pixels, None if not known.

        Raises:
            ConfigError: no such camera is watched.
        """
        self._expect(sensor, IMAGE)
        self._read(sensor, ImageSeen(sensor, content, stamp_ns, arrival_ns), stamp_ns, arrival_ns)

    def see_vector(
        self,
        sensor: str,
        content: int | None,
        stamp_ns: int,
        arrival_ns: int,
        values: FloatArray | None = None,
    ) -> None:
        """Take a reading (n,) of a vector sensor; `content` is a hash of it, None if not known.

        Raises:
            ConfigError: no such vector sensor is watched.
        """
        self._expect(sensor, VECTOR)
        if values is not None and self._body.base is not None and sensor == self._body.base.sensor:
            pose = self._whereabouts.see(values, stamp_ns)
            if pose is None:
                self.see_refused(sensor, f"got {values.tolist()}, expected finite numbers", arrival_ns)
                return
            self._checks.see(PoseSeen(np.array(pose), stamp_ns, arrival_ns), self._situation)
        self._read(sensor, VectorSeen(sensor, content, stamp_ns, arrival_ns), stamp_ns, arrival_ns)

    def see_refused(self, sensor: str, why: str, arrival_ns: int) -> None:
        """Note an unusable reading of a vector sensor: the gate holds until a good one arrives.

        Raises:
            ConfigError: no such vector sensor is watched.
        """
        self._expect(sensor, VECTOR)
        self._checks.see(ReadingRefused(sensor, why, arrival_ns), self._situation)

    def _expect(self, sensor: str, kind: str) -> None:
        if self._kinds.get(sensor) != kind:
            known = [name for name, its in self._kinds.items() if its == kind]
            raise ConfigError(f"{kind} sensor: got {sensor!r}, expected one that is watched: {known}")

    def _read(self, sensor: str, event: Event, stamp_ns: int, arrival_ns: int, **known: Any) -> None:
        sensors = {**self._situation.sensors, sensor: Seen(stamp_ns, arrival_ns)}
        self._situation = replace(self._situation, sensors=sensors, **known)
        self._checks.see(event, self._situation)

    def see_planner(self, report: ModelReport, arrival_ns: int) -> None:
        """Take the planner's report: a sign of life, and how far its model can be trusted."""
        self.see_planner_alive(arrival_ns)
        self._checks.see(PlannerReported(report, arrival_ns), self._situation)

    def see_planner_alive(self, arrival_ns: int) -> None:
        """Take a sign of life alone: nothing was planned, so nothing new is known about the model."""
        self._situation = replace(self._situation, planner_arrival_ns=arrival_ns)

    def submit(self, proposal: Trajectory, now_ns: int) -> Verdict:
        """Judge a proposal; follow it from the next tick if it passes, else keep the last one.

        A latched stop keeps no proposal: one planned meanwhile must not move the robot afterwards.
        """
        self._situation = replace(self._situation, proposal_arrival_ns=now_ns)
        verdict = self._admission.judge(proposal, self._situation.measured, now_ns)
        if verdict.level is Level.PASS and self._stopped is None:
            self._situation = replace(self._situation, proposal=proposal)
        return verdict

    # Ticks

    def tick(self, now_ns: int) -> tuple[Command | None, Verdict]:
        """Return the command for this tick and why. None before commands may begin: nothing moves.

        Call at ``rate_hz``, whether or not anything arrived.
        """
        self._situation = replace(self._situation, now_ns=now_ns, at_rest=self.at_rest)
        waits = self._begin() if self._commanded is None else PASS
        verdict = self._judge() | waits
        state = self._commanded
        if state is None:
            self._level = verdict.level
            return None, verdict
        proposal = self._situation.proposal
        self._limits.look(self._situation.measured, now_ns)
        if verdict.level >= Level.HOLD or proposal is None:
            state = self._limits.hold(state, self._checks.give_way(verdict, self._situation))
        else:
            goal, feedforward = reference(proposal, now_ns)
            state, limited = self._limits.follow(state, goal, feedforward, self._checks.speed_share)
            verdict |= limited
        self._whereabouts.note(state.position, now_ns)
        self._commanded, self._level = state, verdict.level
        self._situation = replace(self._situation, commanded=state.position)
        return Command(state.position, state.velocity, now_ns, state.acceleration), verdict

    def _begin(self) -> Verdict:
        """Begin the stream of commands, at rest where the body is, if its position is known and explained."""
        where = self._body.begins_at(self._situation.measured, self._start.last())
        if where is None:
            return PASS
        wait_s = self._start.wait_s(where)
        if not self._checks.may_begin(self._situation):
            return PASS  # the checks themselves report why
        if wait_s > 0.0:
            return ReasonCode.COMMANDS_WAIT.verdict(Level.HOLD, wait_s=wait_s)
        self._commanded = ChannelState.at_rest(where.copy())
        self._situation = replace(self._situation, commanded=self._commanded.position)
        return PASS

    def _judge(self) -> Verdict:
        """Run all checks; a STOP latches."""
        verdict = latched = self._stopped or PASS
        known = {reason.code for reason in latched.reasons}
        for found in self._checks.judge(self._situation):
            if found.level is Level.STOP:
                self._latch(found)
            verdict |= Verdict(found.level, tuple(r for r in found.reasons if r.code not in known))
        return verdict | self._checks.follow_up(verdict, self._situation)

    def _latch(self, verdict: Verdict) -> None:
        if self._stopped is None:
            self._stopped = verdict
        self._situation = replace(self._situation, proposal=None)

    # The operator

    def estop(self, pressed: bool, now_ns: int) -> Verdict:
        """Press or release the e-stop. Pressing latches STOP; releasing alone never resumes."""
        self._estop_pressed = pressed
        if pressed:
            self._stopped = ReasonCode.ESTOP.verdict(Level.STOP, pressed_ns=now_ns)
            self._situation = replace(self._situation, proposal=None)
        return self._stopped or PASS

    def rearm(self, now_ns: int) -> Verdict:
        """Leave STOP if its cause is gone; only proposals stamped after `now_ns` move the robot again.

        Commands continue at rest from the measured position, as soon as a motion within the limits explains
        how the robot got there: until then there are none.

        Returns:
            PASS when armed, else STOP with the cause that persists.
        """
        if self._estop_pressed:
            return ReasonCode.ESTOP_STILL_PRESSED.verdict(Level.STOP)
        speed, limit = self._speed(), self._settings.standstill_speed
        if speed > limit:
            return ReasonCode.STILL_MOVING.verdict(Level.STOP, speed=speed, limit=limit)
        self._situation = replace(self._situation, now_ns=now_ns)
        place, known = self._body.place_sensor, self._checks.place(self._situation)
        if place is not None and place.name in self._situation.sensors and known.level is not Level.PASS:
            # Commands continue where the robot is: from where it was, they would make it jump.
            return Verdict(Level.STOP, known.reasons)
        self._checks.see(RearmAsked(now_ns), self._situation)
        measured = self._situation.measured
        there = replace(self._situation, proposal=None, proposal_arrival_ns=None, commanded=measured)
        persisting = PASS
        for found in self._checks.judge(there):
            persisting |= found if found.level is Level.STOP else PASS
        if persisting.level is Level.STOP:
            return persisting
        self._stopped, self._level = None, Level.HOLD
        self._admission.forget_before(now_ns)
        self._situation = replace(there, commanded=None)
        self._leave()
        return PASS

    def _leave(self) -> None:
        self._start.leave(self._commanded)
        self._commanded = None

    def reset(self, elsewhere: bool = False) -> None:
        """Forget everything but a latched stop and the restrictions: after a reset or a jump of the clock.

        Args:
            elsewhere: the robot was put elsewhere, as the reset of a simulator does; else a motion within
                the limits has to explain where commands begin again.
        """
        self._situation = Situation(now_ns=0)
        self._whereabouts.forget()
        self._leave()
        if elsewhere:
            self._start.forget()
        self._level = Level.HOLD
        self._checks.forget()
        self._admission.forget_before(None)
