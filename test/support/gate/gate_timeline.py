# SPDX-License-Identifier: Apache-2.0
"""Drives a Supervisor along a timeline, and judges what leaves it without using any of its code."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
from robots import CAMERA

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import JointStateError
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.settings import SafetySettings, load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Command, FloatArray, Level, Trajectory, Verdict

TICK_NS = 10_000_000
START_NS = 1_000_000_000_000
STEP_NS = 100_000_000

SETTINGS = load_safety_settings(
    {
        "rate_hz": 100.0,
        "proposal_age_s": 0.75,
        "future_tolerance_s": 0.05,
        "speed_scale": 0.8,
        "tracking_gain_hz": 5.0,
        "tracking_error": 0.3,
        "start_error": 0.2,
        "tracking_patience_s": 0.6,
        "still_joints_travel": 0.06,
        "pose_jump": 0.12,
        "pose_noise": 0.04,
        "pose_slip": 0.33,
        "standstill_speed": 0.003,
        "checks.place_trust": {"joint_jump": 0.055, "joint_settle_s": 0.22},
        "checks.still_image.travel": 0.04,
        "checks.heartbeat.planner_silence_s": 0.7,
        "checks.doubt": {"surprise_limit": 1.5, "disagreement_limit": 2.5, "patience_s": 0.4, "rest_s": 1.25},
        "checks.doubt.tries": 2,
        "checks.doubt.speed": 0.45,
        "checks.doubt.trust_s": 3.5,
        "limits.zones.workspace_margin": 0.02,
    }
)


class Oracle:
    """Finds violated limits by looking at successive commands only.

    A robot that starts outside a position limit must not go further out.
    """

    def __init__(self, spec: RobotSpec, settings: SafetySettings) -> None:
        limits, count = spec.limits, len(spec.joint_names)
        endless = np.full(count, np.inf)
        self._dt_s = 1.0 / settings.rate_hz
        self._lower = -endless if limits.lower is None else limits.lower
        self._upper = endless if limits.upper is None else limits.upper
        self._velocity = endless if limits.velocity is None else limits.velocity * settings.speed_scale
        self._acceleration = endless if limits.acceleration is None else limits.acceleration
        self._jerk = endless if limits.jerk is None else limits.jerk
        self._position: FloatArray | None = None
        self._speed = np.zeros(count)
        self._said_speed, self._said_acceleration = np.zeros(count), np.zeros(count)
        self.violations: list[str] = []

    def start_at(self, position: FloatArray | None) -> None:
        """Expect commands to go on from `position` at rest; None: from where the robot is measured, sooner or later."""
        self._position = None if position is None else position.copy()
        self._speed = np.zeros_like(self._speed)
        self._said_speed, self._said_acceleration = self._speed.copy(), self._speed.copy()

    def see(self, command: Command | None, stopped: bool, measured: FloatArray | None) -> None:
        """Judge one command; `stopped` means that an e-stop is latched."""
        if command is None:
            self._expect(self._position is None, "silent in the middle of the stream")
            return
        if self._position is None:
            if measured is None:
                self.violations.append("a command before any joint state")
                return
            self.start_at(measured)
        before, now = self._position, command.position
        self._expect(bool(np.isfinite(now).all() and np.isfinite(command.velocity).all()), "not finite")
        rounding = 8.0 * np.spacing(np.abs(before)) / self._dt_s + 1e-9
        speed = (now - before) / self._dt_s
        said, acceleration = command.velocity, command.acceleration
        ramp = self._acceleration * self._dt_s
        bend = 0.25 * ramp  # a triangle of acceleration within the tick
        between = (speed >= np.minimum(said, self._said_speed) - bend - rounding) & (
            speed <= np.maximum(said, self._said_speed) + bend + rounding
        )
        self._expect(bool(between.all()), "velocity is not the motion")
        for value in (speed, said):
            self._expect(bool((np.abs(value) <= self._velocity + rounding).all()), "velocity limit")
        for change in (speed - self._speed, said - self._said_speed):
            self._expect(bool((np.abs(change) <= ramp + 2 * rounding).all()), "acceleration limit")
        self._expect(bool((np.abs(acceleration) <= self._acceleration + 1e-6).all()), "acceleration limit")
        jump = np.abs(acceleration - self._said_acceleration)
        self._expect(bool((jump <= self._jerk * self._dt_s + 1e-6).all()), "jerk limit")
        outside = self._outside(now) - np.maximum(self._outside(before), 0.0)
        self._expect(bool((outside <= 1e-9).all()), "position limit")
        if stopped:
            faster = np.abs(said) - np.abs(self._said_speed)
            self._expect(bool((faster <= 2 * rounding).all()), "faster after a stop")
        self._position, self._speed = now.copy(), speed
        self._said_speed, self._said_acceleration = said.copy(), acceleration.copy()

    def braking_ticks(self) -> int:
        """Return how many ticks full braking takes from the motion seen last."""
        return int(np.ceil(np.max(np.abs(self._said_speed) / (self._acceleration * self._dt_s))))

    def _outside(self, position: FloatArray) -> FloatArray:
        return np.maximum(self._lower - position, position - self._upper)

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.violations.append(what)


class GateTimeline:
    """A gate, a robot that is where it was told to be (unless said otherwise), and an oracle.

    Time only moves in `tick`. `fresh` feeds joints and camera before every tick.
    """

    def __init__(self, spec: RobotSpec, settings: SafetySettings = SETTINGS) -> None:
        self.spec = spec
        self.gate = Supervisor(GateBody.of_robot(spec), settings)
        self.oracle = Oracle(spec, settings)
        self.now_ns = START_NS
        self.position: FloatArray = np.array(spec.home)
        self.commands: list[Command] = []
        self.stopped = False
        self._ticks_to_rest = 0
        self._measured: FloatArray | None = None

    def joints(self, position: FloatArray | None = None, stamp_ns: int | None = None) -> None:
        """Deliver a joint state; one that is refused leaves everything as it was."""
        position = self.position if position is None else np.asarray(position, dtype=np.float64)
        self.gate.see_joints(position, self.now_ns if stamp_ns is None else stamp_ns, self.now_ns)
        self._measured = position.copy()

    def try_joints(self, position: FloatArray, stamp_ns: int | None = None) -> None:
        """Deliver a joint state that may be malformed."""
        with contextlib.suppress(JointStateError):
            self.joints(position, stamp_ns)

    def image(self, stamp_ns: int | None = None) -> None:
        """Deliver an image."""
        self.gate.see_image(CAMERA, None, self.now_ns if stamp_ns is None else stamp_ns, self.now_ns)

    def feed(self) -> None:
        """Deliver a joint state and an image of now."""
        self.joints()
        self.image()

    def propose(
        self,
        points: Sequence[Sequence[float]] | FloatArray,
        stamp_ns: int | None = None,
        times_ns: Sequence[int] | None = None,
        names: Sequence[str] | None = None,
    ) -> Verdict:
        """Submit a proposal; by default stamped now, one point per control step."""
        positions = np.asarray(points, dtype=np.float64)
        times = (
            np.arange(len(positions)) * STEP_NS if times_ns is None else np.asarray(times_ns, dtype=np.int64)
        )
        stamp = self.now_ns if stamp_ns is None else stamp_ns
        joint_names = tuple(self.spec.joint_names if names is None else names)
        return self.gate.submit(Trajectory(joint_names, positions, times, stamp), self.now_ns)

    def toward(
        self, change: Sequence[float] | FloatArray, steps: int = 4, stamp_ns: int | None = None
    ) -> Verdict:
        """Propose to move by `change` (J,) per control step from where the robot is."""
        points = self.position + np.arange(steps + 1)[:, None] * np.asarray(change)
        return self.propose(points, stamp_ns)

    def tick(self, count: int = 1, fresh: bool = True, follow: bool = True) -> tuple[Command | None, Verdict]:
        """Let `count` ticks pass and return the last answer."""
        answer: tuple[Command | None, Verdict] = (None, Verdict(Level.HOLD))
        for _ in range(count):
            self.now_ns += TICK_NS
            if fresh:
                self.feed()
            answer = self.gate.tick(self.now_ns)
            command = answer[0]
            self.oracle.see(command, self.stopped, self._measured)
            self._ticks_to_rest -= 1
            if command is not None:
                self.commands.append(command)
                # A blocked arm still stirs; encoders that don't are another fault.
                self.position = command.position.copy() if follow else np.nextafter(self.position, np.inf)
        return answer

    def estop(self, pressed: bool) -> Verdict:
        """Press or release the e-stop."""
        if pressed and not self.stopped:
            self.stopped, self._ticks_to_rest = True, self.oracle.braking_ticks()
        return self.gate.estop(pressed, self.now_ns)

    def rearm(self) -> Verdict:
        """Ask to leave STOP; if granted, commands go on from the measured position, once that is explained."""
        verdict = self.gate.rearm(self.now_ns)
        if verdict.level is Level.PASS:
            self.stopped = False
            self.oracle.start_at(None)
        return verdict

    def reset(self) -> None:
        """Reset the gate, as after a simulator reset."""
        self.gate.reset(elsewhere=True)
        self.oracle.start_at(None)
        self.commands.clear()
        self._measured = None

    @property
    def must_be_at_rest(self) -> bool:
        """Whether a stop is latched and full braking is over."""
        return self.stopped and self._ticks_to_rest < 0

    @property
    def speed(self) -> FloatArray:
        """Velocity (J,) of the last command."""
        return self.commands[-1].velocity
