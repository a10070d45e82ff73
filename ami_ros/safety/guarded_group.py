# SPDX-License-Identifier: Apache-2.0
"""One group of channels in the gate: what is known about it, its checks, and its commanded state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ami_ros.errors import ConfigError
from ami_ros.safety.check import Check
from ami_ros.safety.check_list import CheckList
from ami_ros.safety.events import Event, PoseSeen, ReadingRefused, RearmAsked, VectorSeen
from ami_ros.safety.gate_body import GateBody
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
from ami_ros.safety.watched_sensor import VECTOR
from ami_ros.types import PASS, FloatArray, Level, Trajectory, Verdict


class GuardedGroup:
    """Judges one group, and moves it on by a tick as the verdict on the whole robot allows.

    Args:
        body: the group, and what senses it.
        settings: the thresholds.
        extra_checks: checks in addition to the gate's own.
        proven: see `Supervisor`.

    Attributes:
        body: the group.
        situation: what is known about it.
        commanded: state of the last command; None before commands begin.
    """

    def __init__(
        self, body: GateBody, settings: SafetySettings, extra_checks: Sequence[Check], proven: bool
    ) -> None:
        self.body, self._settings = body, settings
        self._kinds = {sensor.name: sensor.kind for sensor in body.sensors}
        self._start = StreamStart(MotionLimits.of(body, Restrictions(), 1.0), 1.0 / settings.rate_hz)
        self._whereabouts = Whereabouts(body, settings)
        self._checks = CheckList(body, settings, extra_checks, proven, self._whereabouts)
        self._limits = LimitsInForce(body, settings, self._whereabouts)
        self.situation = Situation(now_ns=0)
        self.commanded: ChannelState | None = None
        self._set_points: FloatArray | None = None  # as a sensor measures them: of a gripper, of a plant

    @property
    def at_rest(self) -> bool:
        """Whether the last command moved nothing, or there is none."""
        # Values that approach rest do so asymptotically, others reach it.
        approaches = self.body.rest is not None or self.body.safe is not None
        return self.speed <= (self._settings.standstill_speed if approaches else 0.0)

    @property
    def speed(self) -> float:
        """How fast the last command moves the fastest channel."""
        state = self.commanded
        return 0.0 if state is None else self.body.speed(state.position, state.velocity)

    @property
    def speed_soon(self) -> float:
        """The larger of `speed` and that a tick later: a velocity that passes through zero is no rest."""
        state = self.commanded
        if state is None:
            return 0.0
        tick_s = 1.0 / self._settings.rate_hz
        position = state.position + tick_s * state.velocity
        velocity = state.velocity + tick_s * state.acceleration
        return max(self.speed, self.body.speed(position, velocity))

    def restrict(self, restrictions: Restrictions) -> None:
        """Put tighter limits in force; see `LimitsInForce`. Raises ConfigError."""
        self._limits.restrict(restrictions)

    # What is sensed and planned

    def watches(self, sensor: str, kind: str) -> bool:
        """Return whether it watches a sensor of that name and kind."""
        return self._kinds.get(sensor) == kind

    def see(self, event: Event, **known: Any) -> None:
        """Take an event that is no reading, and what is `known` with it."""
        self.situation = replace(self.situation, **known)
        self._checks.see(event, self.situation)

    def read(self, sensor: str, event: Event, stamp_ns: int, arrival_ns: int, **known: Any) -> None:
        """Take a reading of a sensor, and what is `known` with it."""
        sensors = {**self.situation.sensors, sensor: Seen(stamp_ns, arrival_ns)}
        self.see(event, sensors=sensors, **known)

    def see_vector(self, event: VectorSeen) -> None:
        """Take a reading of a vector sensor: of a base perhaps its pose."""
        sensor, values = event.sensor, event.values
        stamp_ns, arrival_ns = event.stamp_ns, event.arrival_ns
        if values is not None and self.body.base is not None and sensor == self.body.base.sensor:
            pose = self._whereabouts.see(values, stamp_ns)
            if pose is None:
                self.see_refused(sensor, f"got {values.tolist()}, expected finite numbers", arrival_ns)
                return
            self.see(PoseSeen(np.array(pose), stamp_ns, arrival_ns))
        if values is not None and (found := self.body.set_points_in(sensor, values)) is not None:
            self._set_points = found
        self.read(sensor, event, stamp_ns, arrival_ns)

    def see_refused(self, sensor: str, why: str, arrival_ns: int) -> None:
        """Note an unusable reading of a vector sensor."""
        if self.watches(sensor, VECTOR):
            self.see(ReadingRefused(sensor, why, arrival_ns))

    def note(self, **known: Any) -> None:
        """Take what is known without an event."""
        self.situation = replace(self.situation, **known)

    def follow(self, proposal: Trajectory | None) -> None:
        """Follow a proposal for this group from the next tick; None follows none."""
        self.note(proposal=proposal)

    # Ticks

    def look(self, now_ns: int) -> None:
        """Begin a tick."""
        self.note(now_ns=now_ns, at_rest=self.at_rest)

    def start(self) -> tuple[FloatArray | None, Verdict]:
        """Count a tick without commands; return where they may begin (C,), and why they wait.

        None where that is unknown, or not explained yet.
        """
        measured = self.situation.measured if self.body.is_measured else self._set_points
        where = self.body.begins_at(measured, self._start.last())
        if where is None:
            return None, PASS
        wait_s = self._start.wait_s(where)
        if not self._checks.may_begin(self.situation):
            return None, PASS  # the checks themselves report why
        if wait_s > 0.0:
            return None, ReasonCode.COMMANDS_WAIT.verdict(Level.HOLD, wait_s=wait_s)
        return where, PASS

    def begin(self, where: FloatArray) -> None:
        """Begin the stream of commands at rest at (C,)."""
        self.commanded = ChannelState.at_rest(where.copy())
        self.note(commanded=self.commanded.position)

    def judge(self) -> list[Verdict]:
        """Return the verdict of each check."""
        return self._checks.judge(self.situation)

    def follow_up(self, verdict: Verdict) -> Verdict:
        """Return what the end of a hold requires, after the joint `verdict` of all checks of all groups."""
        return self._checks.follow_up(verdict, self.situation)

    def move(self, verdict: Verdict, now_ns: int) -> Verdict:
        """Move the commanded state on by one tick, and return which limits bit.

        Args:
            verdict: on the whole robot: a hold of one group holds all.
            now_ns: the tick's time.
        """
        state, proposal, limited = self.commanded, self.situation.proposal, PASS
        if state is None:
            return PASS
        self._limits.look(self.situation.measured, now_ns)
        if verdict.level >= Level.HOLD or proposal is None:
            state = self._limits.hold(state, self._way_out(state, verdict))
        else:
            goal, feedforward = reference(proposal, now_ns)
            if self.body.safe is not None and (retreat := self._checks.retreat):
                goal, feedforward = goal + retreat * (self.body.safe - goal), (1.0 - retreat) * feedforward
            state, limited = self._limits.follow(state, goal, feedforward, self._checks.speed_share)
        self._whereabouts.note(state.position, now_ns)
        self.commanded = state
        self.note(commanded=state.position)
        return limited

    def _way_out(self, state: ChannelState, verdict: Verdict) -> FloatArray | None:
        """Return the velocity (C,) of a hold that does not stand still; else None."""
        if self.body.safe is not None:
            way: FloatArray = self._settings.rate_hz * (self.body.safe - state.position)
            return way
        return self._checks.give_way(verdict, self.situation)

    # The operator

    def place(self, now_ns: int) -> Verdict:
        """Return why the place of the body is unknown; PASS where it is known, or nothing has measured it."""
        self.note(now_ns=now_ns)
        sensor, known = self.body.place_sensor, self._checks.place(self.situation)
        return known if sensor is not None and sensor.name in self.situation.sensors else PASS

    def rearmed(self, now_ns: int) -> Situation:
        """Return the situation after a re-arm: commands will begin where the body is measured to be."""
        self._checks.see(RearmAsked(now_ns), self.situation)
        measured = self.situation.measured
        return replace(self.situation, proposal=None, proposal_arrival_ns=None, commanded=measured)

    def persisting(self, after: Situation) -> Verdict:
        """Return the causes of a STOP that are still there in the situation `after` a re-arm."""
        verdict = PASS
        for found in self._checks.judge(after):
            verdict |= found if found.level is Level.STOP else PASS
        return verdict

    def rearm(self, after: Situation) -> None:
        """Leave the stream of commands: it begins again in the situation `after` the re-arm."""
        self.situation = replace(after, commanded=None)
        self._leave()

    def reset(self, elsewhere: bool) -> None:
        """Forget everything but the restrictions; arguments as for `Supervisor.reset`."""
        self.situation, self._set_points = Situation(now_ns=0), None
        self._whereabouts.forget()
        self._leave()
        if elsewhere:
            self._start.forget()
        self._checks.forget()

    def _leave(self) -> None:
        self._start.leave(self.commanded)
        self.commanded = None


def expect(groups: Sequence[GuardedGroup], sensor: str, kind: str) -> list[GuardedGroup]:
    """Return the groups that watch a sensor.

    Raises:
        ConfigError: none watches one of that name and kind; lists those that are watched.
    """
    watching = [group for group in groups if group.watches(sensor, kind)]
    if not watching:
        known = {s.name: None for group in groups for s in group.body.sensors if s.kind == kind}
        raise ConfigError(f"{kind} sensor: got {sensor!r}, expected one that the gate watches: {list(known)}")
    return watching
