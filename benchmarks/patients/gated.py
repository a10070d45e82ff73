# SPDX-License-Identifier: Apache-2.0
"""The gate in front of a pump, and an oracle of the wire that shares none of its code."""

from __future__ import annotations

import math

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.settings import SafetySettings, load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Command, FloatArray, Observation, Verdict
from benchmarks.patients.suspend import Settings, Suspend
from benchmarks.patients.world import STEP_MIN
from benchmarks.process.gated import RATE_HZ, GatedPlant

LOW = 80.0  # mg/dl
AHEAD_MIN, SMOOTHED_MIN = 30.0, 15.0
SMALLEST = 1e-9  # mg/dl: rounding, far below the pump's increment


class GatedPump(GatedPlant):
    """Sends plans through the gate, with `Suspend` among its checks.

    The pump takes the last command of a control step.

    Args:
        spec: the robot.

    Attributes:
        insulin_while_low: commands above zero, of all ticks, while glucose or its trend was low.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._step_s, self.insulin_while_low = spec.step_ns / 1e9, 0
        self._watch = LowWatch()
        self._pump_safety = load_safety_settings(spec.safety, {"rate_hz": RATE_HZ})
        super().__init__(spec)

    def restart(self) -> None:
        """Forget the gate's history; the gate then has the robot's own thresholds and our check, too."""
        self._safety = self._pump_safety
        super().restart()
        scale = self._step_s / STEP_MIN
        settings = Settings("glucose", LOW, ahead_s=AHEAD_MIN * scale, smoothed_s=SMOOTHED_MIN * scale)
        assert self._body is not None
        self._gate = PumpGate(self._body, self._safety, Suspend(settings))
        self._watch = LowWatch()

    def sense(self, seen: FloatArray, inputs: FloatArray) -> Observation:
        """Return what is measured (4,), and the delivered insulin (1,), as an observation."""
        self._watch.see(float(seen[0]))
        return super().sense(seen, inputs)

    def _ticked(self, command: Command | None, verdict: Verdict) -> None:
        super()._ticked(command, verdict)
        if command is not None and self._watch.low and float(np.max(command.position)) > SMALLEST:
            self.insulin_while_low += 1


class PumpGate(Supervisor):
    """The gate, whose output is zero while `Suspend` says so: also in the tick in which a hold only begins.

    Args:
        body: see `Supervisor`.
        settings: see there.
        suspend: says when.
    """

    def __init__(self, body: BodyGroups, settings: SafetySettings, suspend: Suspend) -> None:
        super().__init__(body, settings, extra_checks=[suspend])
        self._suspend = suspend

    def tick(self, now_ns: int) -> tuple[Command | None, Verdict]:
        """Return the command for this tick and why, see `Supervisor.tick`."""
        command, verdict = super().tick(now_ns)
        if command is not None and self._suspend.retreat == 1.0:
            still = np.zeros_like(command.position)
            command = Command(still, still, command.stamp_ns, still)
        return command, verdict


class LowWatch:
    """Knows from the readings of every control step whether there may be insulin: the oracle of the wire.

    Attributes:
        low: whether glucose is below 80 mg/dl, or within 30 min will be by its smoothed rate.
    """

    def __init__(self) -> None:
        self.low, self._readings, self._rate = False, list[float](), 0.0

    def see(self, glucose: float) -> None:
        """Take the reading of a control step, mg/dl."""
        self._readings.append(glucose)
        if len(self._readings) > 1:
            rate = (self._readings[-1] - self._readings[-2]) / STEP_MIN  # mg/dl/min
            kept = math.exp(-STEP_MIN / SMOOTHED_MIN)
            self._rate = kept * self._rate + (1.0 - kept) * rate
        self.low = min(glucose, glucose + AHEAD_MIN * self._rate) < LOW
