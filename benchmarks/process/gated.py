# SPDX-License-Identifier: Apache-2.0
"""The gate in front of a plant of pc-gym: every command that it sends is judged."""

from __future__ import annotations

from typing import cast

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.loop.command_oracle import oracle_of
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.world.world import World as SimulatedWorld
from ami_ros.types import Command, FloatArray, Level, Observation, Reading, Verdict

RATE_HZ = 10.0  # of the gate's ticks: a control step of these plants lasts many seconds


class GatedPlant(StepLoop):
    """Sends plans through the gate, as on a robot, for a plant that takes one input a control step.

    That input is the gate's last command of the step: the gate leads there within the rates.

    Args:
        spec: the robot.

    """

    def __init__(self, spec: RobotSpec) -> None:
        safety = load_safety_settings({"rate_hz": RATE_HZ})
        self._sensed = _Sensed(spec)
        self._oracle = oracle_of(spec, 1.0 / RATE_HZ, safety.limits["zones"].workspace_margin)
        self._earlier = {level.name: 0 for level in Level}
        super().__init__(cast(SimulatedWorld, self._sensed), spec, safety)

    @property
    def unsafe(self) -> int:
        """Commands that broke a limit so far."""
        return self._oracle.unsafe + self._oracle.moved_after_stop

    @property
    def ticks(self) -> dict[str, int]:
        """Ticks by verdict so far."""
        return {name: count + self.levels[name] for name, count in self._earlier.items()}

    def begin(self) -> None:
        """Begin an episode."""
        self._earlier = self.ticks
        self.restart()
        self._sensed.commanded = self._spec.home
        self._oracle.forget_motion()
        self._oracle.see_stop(False, self._sensed.time_ns)

    def sense(self, seen: FloatArray, inputs: FloatArray) -> Observation:
        """Return what is measured (X,), and the inputs (M,) where the robot measures them."""
        self._sensed.values = [*seen, *inputs]
        return self._sensed.observe()

    def inputs(self, actions: FloatArray, observation: Observation) -> FloatArray:
        """Return the inputs (M,) that the gate makes of planned actions (T, K, M)."""
        self.act(actions, observation)
        return self._sensed.commanded

    def _ticked(self, command: Command | None, verdict: Verdict) -> None:
        self._oracle.see_stop(verdict.level is Level.STOP, self._sensed.time_ns)
        if command is not None:
            self._oracle.see(command, None)


class _Sensed:
    """What the gate senses and commands: as much of a simulated world as a loop uses."""

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self.time_ns = spec, spec.step_ns
        self.values: list[float] = []
        self.commanded: FloatArray = spec.home

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each sensor measures."""
        return {n: np.array([value]) for n, value in zip(self._spec.sensors, self.values, strict=False)}

    def observe(self) -> Observation:
        """Return the same as an observation of now."""
        return Observation({n: Reading(v, self.time_ns, self.time_ns) for n, v in self.vectors().items()})

    def advance(self, command: Command | None, duration_ns: int) -> None:
        """Take the command of a tick."""
        self.commanded = self.commanded if command is None else command.position
        self.time_ns += duration_ns
