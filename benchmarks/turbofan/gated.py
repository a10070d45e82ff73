# SPDX-License-Identifier: Apache-2.0
"""The gate in front of the engine, and our planner behind it."""

from __future__ import annotations

import time

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.safety.settings import load_safety_settings
from ami_ros.types import FloatArray, Goal, Observation
from benchmarks.process.gated import RATE_HZ, GatedPlant
from benchmarks.turbofan.world import World


class GatedEngine(GatedPlant):
    """Sends plans through the gate, with the thresholds of the engine's YAML.

    Args:
        spec: the robot.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._engine_safety = load_safety_settings(spec.safety, {"rate_hz": RATE_HZ})
        super().__init__(spec)

    def restart(self) -> None:
        """Forget the gate's history."""
        self._safety = self._engine_safety
        super().restart()

    def begin_at(self, inputs: FloatArray) -> None:
        """Begin with the knobs (3,) where they are."""
        self.begin()
        self._sensed.commanded = inputs

    def sense(self, seen: FloatArray, inputs: FloatArray) -> Observation:
        """Return what is measured (11,) as an observation; nothing measures the knobs (3,)."""
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
        seen: what was measured in the last profile (S, 11).
    """

    def __init__(self, model: ModelRuntime, spec: RobotSpec, settings: PlannerSettings) -> None:
        self.gated, self.plan_s = GatedEngine(spec), list[float]()
        self._planner = RecedingHorizonPlanner(model, spec, settings, time.perf_counter_ns)
        self.surprises, self.seen = list[float](), list[FloatArray]()

    def begin(self, world: World) -> None:
        """Forget the last profile."""
        self._planner.restart()
        self.gated.begin_at(world.inputs)
        self.surprises, self.seen = [], []

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Plan, and return the knobs that the gate makes of it."""
        self.seen.append(seen)
        self._planner.set_goal(Goal(vectors={"thrust": np.array([world.goal()])}))
        observation, started = self.gated.sense(seen, world.inputs), time.perf_counter()
        plan = self._planner.plan(observation)
        self.plan_s.append(time.perf_counter() - started)
        self.surprises.append(plan.surprise or 0.0)
        self.gated.hear(plan)
        return self.gated.inputs(plan.actions, observation)
