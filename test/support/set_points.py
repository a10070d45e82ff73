# SPDX-License-Identifier: Apache-2.0
"""A plant that takes two set points and says three things, none of them where the set points are; and its judge."""

from __future__ import annotations

import numpy as np
from gate_timeline import SETTINGS, START_NS, STEP_NS, TICK_NS

from ami_ros.body.limits import ChannelLimits
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.supervisor import Supervisor
from ami_ros.safety.watched_sensor import VECTOR, WatchedSensor
from ami_ros.types import Command, FloatArray, Level, Trajectory, Verdict

CHANNELS = ("heater", "valve")
LOWER, UPPER = (20.0, 0.0), (80.0, 1.0)  # deg C, share
VELOCITY, ACCELERATION, JERK = (6.0, 0.4), (15.0, 1.5), (90.0, 12.0)  # per second, second^2, second^3
HOME = (25.0, 0.25)
TEMPERATURE = WatchedSensor("temperature", VECTOR, max_age_s=1.3, freeze_s=0.9)
PRESSURE = WatchedSensor("pressure", VECTOR, max_age_s=0.4)
FLOW = WatchedSensor("flow", VECTOR, max_age_s=0.7)
SENSORS = (TEMPERATURE, PRESSURE, FLOW)
DT_S = TICK_NS / 1e9


def plant_body(**changes: object) -> GateBody:
    """Return the body; a change replaces a field."""
    limits = {
        "lower": LOWER,
        "upper": UPPER,
        "velocity": VELOCITY,
        "acceleration": ACCELERATION,
        "jerk": JERK,
    }
    values = {
        "name": "plant",
        "channels": CHANNELS,
        "limits": ChannelLimits.from_mapping({**limits, "effort": None}, len(CHANNELS), "test"),
        "home": np.array(HOME),
        "sensors": SENSORS,
    }
    return GateBody(**{**values, **changes})


class SetPointTimeline:
    """A gate for set points, three sensors that live unless they are named in `silent` or `frozen`, and a judge.

    The judge looks at successive commands only. `violations` holds the broken promises.
    """

    def __init__(self, **changes: object) -> None:
        self.gate = Supervisor(plant_body(**changes), SETTINGS)
        self.now_ns = START_NS
        self.silent: set[str] = set()
        self.frozen: set[str] = set()
        self.commands: list[Command] = []
        self.violations: list[str] = []
        self._content = 0
        self._seen = {sensor.name: -(2**62) for sensor in SENSORS}
        self._expected = np.array(HOME)  # where the next command may begin; it is the last one in a stream
        self._last: Command | None = None

    def feed(self) -> None:
        """Deliver a reading of each sensor that lives."""
        self._content += 1
        for sensor in SENSORS:
            if sensor.name not in self.silent:
                content = 0 if sensor.name in self.frozen else self._content
                self.gate.see_vector(sensor.name, content, self.now_ns, self.now_ns)
                self._seen[sensor.name] = self.now_ns

    def propose(self, points: FloatArray, offset_ns: int = 0) -> Verdict:
        """Submit set points (N, 2), one per control step."""
        times = np.arange(len(points), dtype=np.int64) * STEP_NS
        return self.gate.submit(Trajectory(CHANNELS, points, times, self.now_ns + offset_ns), self.now_ns)

    def toward(self, goal: FloatArray | tuple[float, ...]) -> Verdict:
        """Propose to be at `goal` (2,) all the time."""
        return self.propose(np.tile(np.asarray(goal, dtype=np.float64), (5, 1)))

    def tick(self, count: int = 1) -> Verdict:
        """Let `count` ticks pass and return the last verdict."""
        verdict = Verdict(Level.HOLD)
        for _ in range(count):
            self.now_ns += TICK_NS
            self.feed()
            command, verdict = self.gate.tick(self.now_ns)
            self._judge(command)
            for sensor in SENSORS:
                age_s = (self.now_ns - self._seen[sensor.name]) / 1e9
                if age_s > sensor.max_age_s + 1e-9:
                    self._expect(verdict.level >= Level.HOLD, f"{verdict} with {sensor.name} of {age_s} s")
        return verdict

    def reset(self, elsewhere: bool) -> None:
        """Restart time; `elsewhere`: and the plant, at its home."""
        self.gate.reset(elsewhere)
        self._seen = {sensor.name: -(2**62) for sensor in SENSORS}
        self.begins_again(np.array(HOME) if elsewhere else self._expected)

    def begins_again(self, where: FloatArray | None = None) -> None:
        """Expect the next command to be at rest, where the last one was."""
        self._last = None
        self._expected = self._expected if where is None else where

    def _judge(self, command: Command | None) -> None:
        if command is None:
            self._expect(self._last is None, "silent in the middle of the stream")
            return
        before, last = self._expected, self._last
        rest = np.zeros(len(CHANNELS))
        said, bend = (rest, rest) if last is None else (last.velocity, last.acceleration)
        assert command.acceleration is not None
        step = np.abs(command.position - before)
        outside = np.maximum(np.array(LOWER) - command.position, command.position - np.array(UPPER))
        scale = SETTINGS.speed_scale
        for what, value, limit in (
            ("position", outside, np.zeros(2)),
            ("step", step, np.array(VELOCITY) * scale * DT_S),
            ("velocity", np.abs(command.velocity), np.array(VELOCITY) * scale),
            ("acceleration", np.abs(command.acceleration), np.array(ACCELERATION)),
            ("change of velocity", np.abs(command.velocity - said), np.array(ACCELERATION) * DT_S),
            ("jerk", np.abs(command.acceleration - bend), np.array(JERK) * DT_S),
        ):
            self._expect(bool((value <= limit + 1e-6).all()), f"{what}: {value} beyond {limit}")
        self._expected, self._last = command.position.copy(), command
        self.commands.append(command)

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.violations.append(what)
