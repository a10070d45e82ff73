# SPDX-License-Identifier: Apache-2.0
"""The gate: starts every tick from "hold", runs all checks, and lets the worst verdict win."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ami_ros.errors import JointStateError
from ami_ros.safety.admission import Admission
from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.check import Check
from ami_ros.safety.events import ImageSeen, JointsSeen, PlannerReported, VectorSeen
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.guarded_group import GuardedGroup, expect
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.watched_sensor import IMAGE, VECTOR
from ami_ros.types import PASS, Command, FloatArray, Level, Reason, Trajectory, Verdict, checked_joints


class Supervisor:
    """Follows accepted proposals within limits; holds when anything is wrong; stops latched when it must.

    It works group by group, and its verdict is one: what holds or stops one group holds or stops all.

    A hold ends by itself when its cause is gone and a proposal planned since then has arrived. A stop (the
    emergency stop, a robot that does not follow, or a check that demands it) ends only with `rearm`.

    Args:
        body: what is moved, and what senses it: a group, or several.
        settings: the thresholds.
        extra_checks: checks in addition to the gate's own.
        proven: trust the very first joint state or pose, as of a simulator; else some have to agree first.
        stopped: the STOP that is latched from the beginning, as by a gate before this one; None for none.

    Attributes:
        settings: the thresholds, at the body's pace.
    """

    def __init__(
        self,
        body: GateBody | BodyGroups,
        settings: SafetySettings,
        extra_checks: Sequence[Check] = (),
        proven: bool = True,
        stopped: Verdict | None = None,
    ) -> None:
        self._body = BodyGroups.of(body)
        self.settings = settings = settings.at_pace(self._body.step_s)
        self._groups = [GuardedGroup(one, settings, extra_checks, proven) for one in self._body.groups]
        self._admission = Admission(self._body, settings)
        self._estop_pressed, self._level, self._stopped = False, Level.HOLD, stopped

    @property
    def state(self) -> Level:
        """How far the gate intervened at the last tick; STOP as long as one is latched."""
        return self._level if self._stopped is None else Level.STOP

    @property
    def at_rest(self) -> bool:
        """Whether the last command moved nothing, or there is none."""
        return all(group.at_rest for group in self._groups)

    def restrict(self, restrictions: Restrictions) -> None:
        """Put tighter limits in force, instead of the restrictions before; see `LimitsInForce`.

        Raises:
            ConfigError: one is malformed or looser than the robot's own; the old ones stay in force.
        """
        for group, part in zip(self._groups, self._body.restrictions(restrictions), strict=True):
            group.restrict(part)

    # What is sensed and planned

    def see_joints(self, position: FloatArray, stamp_ns: int, arrival_ns: int, sensor: str = "") -> None:
        """Take a joint state (C,) in the group's order; pass every one, oldest first.

        Args:
            position: rad or m.
            stamp_ns: when it was taken.
            arrival_ns: when it reached us.
            sensor: its name; empty for a robot with one sensor of joints.

        Raises:
            JointStateError: wrong size, NaN or Inf, or no such joint sensor; the reading is discarded.
        """
        for group in self._groups:
            own = group.body.joint_sensor
            if own is not None and sensor in ("", own.name):
                there = checked_joints(position, "joint state", len(group.body.channels))
                event = JointsSeen(there, stamp_ns, arrival_ns)
                group.read(own.name, event, stamp_ns, arrival_ns, measured=there)
                return
        raise JointStateError(
            f"joint state: got one, expected none: {self._body.name} has no sensor of joint states"
        )

    def see_image(self, sensor: str, content: int | None, stamp_ns: int, arrival_ns: int) -> None:
        """Take a camera's sign of life; `content` is a hash of the pixels, None if not known.

        Raises:
            ConfigError: no such camera is watched.
        """
        for group in expect(self._groups, sensor, IMAGE):
            group.read(sensor, ImageSeen(sensor, content, stamp_ns, arrival_ns), stamp_ns, arrival_ns)

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
        event = VectorSeen(sensor, content, stamp_ns, arrival_ns, values)
        for group in expect(self._groups, sensor, VECTOR):
            group.see_vector(event)

    def see_refused(self, sensor: str, why: str, arrival_ns: int) -> None:
        """Note an unusable reading of a vector sensor: the gate holds until a good one arrives.

        Raises:
            ConfigError: no such vector sensor is watched.
        """
        for group in expect(self._groups, sensor, VECTOR):
            group.see_refused(sensor, why, arrival_ns)

    def see_planner(self, report: ModelReport, arrival_ns: int) -> None:
        """Take the planner's report: a sign of life, and how far its model can be trusted."""
        for group in self._groups:
            group.see(PlannerReported(report, arrival_ns), planner_arrival_ns=arrival_ns)

    def see_planner_alive(self, arrival_ns: int) -> None:
        """Take a sign of life alone: nothing was planned, so nothing new is known about the model."""
        for group in self._groups:
            group.note(planner_arrival_ns=arrival_ns)

    def submit(self, proposal: Trajectory, now_ns: int) -> Verdict:
        """Judge a proposal; follow it from the next tick if it passes, else keep the last one.

        A latched stop keeps no proposal: one planned meanwhile must not move the robot afterwards.
        """
        measured = [group.situation.measured for group in self._groups]
        verdict = self._admission.judge(proposal, measured, now_ns)
        for group in self._groups:
            group.note(proposal_arrival_ns=now_ns)
        if verdict.level is Level.PASS and self._stopped is None:
            for group, part in zip(self._groups, self._body.proposals(proposal), strict=True):
                group.follow(part)
        return verdict

    # Ticks

    def tick(self, now_ns: int) -> tuple[Command | None, Verdict]:
        """Return the command for this tick and why. None before commands may begin: nothing moves.

        Call at ``rate_hz``, whether or not anything arrived.
        """
        for group in self._groups:
            group.look(now_ns)
        waits = self._begin()
        verdict = self._judge() | waits
        if any(group.commanded is None for group in self._groups):
            self._level = verdict.level
            return None, verdict
        limited = [group.move(verdict, now_ns) for group in self._groups]
        verdict |= self._joined([[one] for one in limited])
        self._level = verdict.level
        states = [group.commanded for group in self._groups if group.commanded is not None]
        position, velocity, acceleration = (
            np.concatenate([getattr(state, name) for state in states])
            for name in ("position", "velocity", "acceleration")
        )
        return Command(position, velocity, now_ns, acceleration), verdict

    def _begin(self) -> Verdict:
        """Begin the stream of commands, at rest where every group is, if that is known and explained."""
        if all(group.commanded is not None for group in self._groups):
            return PASS
        starts = [group.start() for group in self._groups]
        places = [where for where, _ in starts if where is not None]
        if len(places) == len(self._groups):
            for group, where in zip(self._groups, places, strict=True):
                group.begin(where)
        return self._joined([[waits] for _, waits in starts])

    def _judge(self) -> Verdict:
        """Run all checks; a STOP latches."""
        verdict = latched = self._stopped or PASS
        known = {reason.code for reason in latched.reasons}
        found = [group.judge() for group in self._groups]
        for one in self._named(found):
            if one.level is Level.STOP:
                self._latch(one)
            verdict |= Verdict(one.level, tuple(r for r in one.reasons if r.code not in known))
        return verdict | self._joined([[group.follow_up(verdict)] for group in self._groups])

    def _joined(self, found: Sequence[Sequence[Verdict]]) -> Verdict:
        """Return the joint verdict of what each group found."""
        verdict = PASS
        for one in self._named(found):
            verdict |= one
        return verdict

    def _named(self, found: Sequence[Sequence[Verdict]]) -> Sequence[Verdict]:
        """Return what was found; of several groups each reason once, with the name of a group that is alone.

        What all groups share, such as a camera, several of them find.
        """
        if len(found) == 1:
            return found[0]
        finders: dict[str, list[tuple[Level, Reason, str]]] = {}
        levels = [Verdict(verdict.level) for verdicts in found for verdict in verdicts]
        for group, verdicts in zip(self._groups, found, strict=True):
            for verdict in verdicts:
                for reason in verdict.reasons:
                    finders.setdefault(str(reason), []).append((verdict.level, reason, group.body.name))
        named = []
        for who in finders.values():
            _, reason, name = who[0]
            if len(who) == 1:
                reason = replace(reason, numbers={**reason.numbers, "group": name})
            named.append(Verdict(max(level for level, _, _ in who), (reason,)))
        return [*named, Verdict(max((verdict.level for verdict in levels), default=Level.PASS))]

    def _latch(self, verdict: Verdict) -> None:
        if self._stopped is None:
            self._stopped = verdict
        self._follow_none()

    def _follow_none(self) -> None:
        for group in self._groups:
            group.follow(None)

    # The operator

    def estop(self, pressed: bool, now_ns: int) -> Verdict:
        """Press or release the e-stop. Pressing latches STOP; releasing alone never resumes."""
        self._estop_pressed = pressed
        if pressed:
            self._stopped = ReasonCode.ESTOP.verdict(Level.STOP, pressed_ns=now_ns)
            self._follow_none()
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
        speed, limit = max(group.speed_soon for group in self._groups), self.settings.standstill_speed
        if speed > limit:
            return ReasonCode.STILL_MOVING.verdict(Level.STOP, speed=speed, limit=limit)
        unknown = self._joined([[group.place(now_ns)] for group in self._groups])
        if unknown.level is not Level.PASS:
            # Commands continue where the robot is: from where it was, they would make it jump.
            return Verdict(Level.STOP, unknown.reasons)
        after = [group.rearmed(now_ns) for group in self._groups]
        persisting = self._joined(
            [[group.persisting(there)] for group, there in zip(self._groups, after, strict=True)]
        )
        if persisting.level is Level.STOP:
            return persisting
        self._stopped, self._level = None, Level.HOLD
        self._admission.forget_before(now_ns)
        for group, there in zip(self._groups, after, strict=True):
            group.rearm(there)
        return PASS

    def reset(self, elsewhere: bool = False) -> None:
        """Forget everything but a latched stop and the restrictions: after a reset or a jump of the clock.

        Args:
            elsewhere: the robot was put elsewhere, as the reset of a simulator does; else a motion within
                the limits has to explain where commands begin again.
        """
        for group in self._groups:
            group.reset(elsewhere)
        self._level = Level.HOLD
        self._admission.forget_before(None)
