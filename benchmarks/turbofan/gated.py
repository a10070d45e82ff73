# SPDX-License-Identifier: Apache-2.0
"""The gate in front of the engine, and our planner behind it."""

from __future__ import annotations

import dataclasses
import time
from typing import cast

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.safety.settings import load_safety_settings
from ami_ros.types import FloatArray, Goal, Observation
from benchmarks.process.gated import RATE_HZ, GatedPlant
from benchmarks.turbofan.world import World

STEADY = 1e-4  # decades of the demand's change in a step
PLANNED = "lpc_margin"  # a band that plans keep and the gate does not watch
TAKING_OVER = 6  # control steps: the longest way from rest to any knob's end
TRIM = 0.15  # share of a steady error that moves the set point in a step
MOST_TRIM = 0.03  # decades


def _without_band(spec: RobotSpec, name: str) -> RobotSpec:
    free = dataclasses.replace(cast(VectorSensor, spec.sensors[name]), envelope=())
    return dataclasses.replace(spec, sensors={**spec.sensors, name: free})


class GatedEngine(GatedPlant):
    """Sends plans through the gate, with the thresholds of the engine's YAML.

    The low-pressure compressor's margin is left to the plans: near a border the gate slows every knob down,
    and this compressor, near its own at part power, needs bleed soon.

    Args:
        spec: the robot.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._engine_safety = load_safety_settings(spec.safety, {"rate_hz": RATE_HZ})
        super().__init__(_without_band(spec, PLANNED))

    def restart(self) -> None:
        """Forget the gate's history."""
        self._safety = self._engine_safety
        super().restart()

    def begin_at(self, inputs: FloatArray) -> None:
        """Begin with the knobs (3,) where they are."""
        self.begin()
        self._sensed.commanded = inputs

    def take_over(self, seen: FloatArray, inputs: FloatArray) -> None:
        """Command the knobs (3,) as they are until the gate, which begins at its rest, is there, too."""
        for _ in range(TAKING_OVER):
            self.inputs(np.tile(inputs, (2, 1, 1)), self.sense(seen, inputs))

    def sense(self, seen: FloatArray, inputs: FloatArray) -> Observation:
        """Return what is measured (12,) as an observation; nothing measures the knobs (3,)."""
        return super().sense(seen, np.zeros(0))


class Ours:
    """Implements `Controller` with a world model behind the gate; it never uses the simulator.

    Args:
        model: trained on logs.
        spec: the robot.
        settings: how to plan.

    Attributes:
        gated: the gate.
        plan_s: how long each plan took.
        surprises: of each plan of the last profile.
        seen: what was measured in the last profile (S, 12).
        sent: the knobs that the gate made of each plan of it (S, 3).
    """

    def __init__(self, model: ModelRuntime, spec: RobotSpec, settings: PlannerSettings) -> None:
        self.gated, self.plan_s = GatedEngine(spec), list[float]()
        self._planner = RecedingHorizonPlanner(model, spec, settings, time.perf_counter_ns)
        self.surprises, self.seen, self.sent = list[float](), list[FloatArray](), list[FloatArray]()

    def begin(self, world: World) -> None:
        """Forget the last profile."""
        self._planner.restart()
        self.gated.begin_at(world.inputs)
        self.surprises, self.seen, self.sent = [], [], []
        self._trim, self._last, self._begun = 0.0, world.goal(), False

    @property
    def noticed(self) -> float:
        """Mean surprise of the second half of the last profile, next to that of the first."""
        half = len(self.surprises) // 2
        return float(np.mean(self.surprises[half:]) - np.mean(self.surprises[:half]))

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Plan, and return the knobs that the gate makes of it."""
        self.seen.append(seen)
        demand = world.goal()
        if abs(demand - self._last) < STEADY:  # a model's bias is no reason to miss a steady demand
            self._trim += TRIM * (demand - float(seen[0]))
            self._trim = float(np.clip(self._trim, -MOST_TRIM, MOST_TRIM))
        self._last = demand
        self._planner.set_goal(Goal(vectors={"thrust": np.array([demand + self._trim])}))
        if not self._begun:
            self._begun = True
            self.gated.take_over(seen, world.inputs)
            for _ in range(TAKING_OVER):  # the search begins at rest, too
                self._planner.plan(self.gated.sense(seen, world.inputs))
        observation, started = self.gated.sense(seen, world.inputs), time.perf_counter()
        plan = self._planner.plan(observation)
        self.plan_s.append(time.perf_counter() - started)
        self.surprises.append(plan.surprise or 0.0)
        self.gated.hear(plan)
        self.sent.append(self.gated.inputs(plan.actions, observation))
        return self.sent[-1]
