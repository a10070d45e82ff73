# SPDX-License-Identifier: Apache-2.0
"""Our planner at a pump: a world model that never saw the patient, behind the gate."""

from __future__ import annotations

import time

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray, Goal
from benchmarks.patients.gated import GatedPump
from benchmarks.patients.on_board import OnBoard
from benchmarks.patients.recording import readings
from benchmarks.patients.world import Day, World

AIM = 120.0  # mg/dl


class Ours:
    """Plans insulin toward a goal of glucose.

    Args:
        model: trained on records of other patients.
        spec: the robot.
        settings: how to plan.

    Attributes:
        plan_s: how long each plan took.
        gated: the gate.
    """

    def __init__(self, model: ModelRuntime, spec: RobotSpec, settings: PlannerSettings) -> None:
        self.gated = GatedPump(spec)
        self._planner = RecedingHorizonPlanner(model, spec, settings, time.perf_counter_ns)
        self.plan_s: list[float] = []

    def followed(self, world: World, day: Day) -> FloatArray:
        """Return the glucose of a day, every 3 min, mg/dl."""
        seen, board = world.begin(day), OnBoard(day.patient)
        board.begin(seen)
        self._planner.restart()
        self.gated.begin()
        self._planner.set_goal(Goal(vectors={"glucose": np.array([AIM])}))
        while not world.ends:
            *measured, insulin = readings(day, seen, board)
            observation = self.gated.sense(np.array(measured), np.array([insulin]))
            started = time.perf_counter()
            plan = self._planner.plan(observation)
            self.plan_s.append(time.perf_counter() - started)
            self.gated.hear(plan)
            effect = float(self.gated.inputs(plan.actions, observation)[0])
            seen = world.act("us", insulin=effect / day.patient.cf)
            board.see(seen)
        return np.array(world.glucose)
