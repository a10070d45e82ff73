# SPDX-License-Identifier: Apache-2.0
"""Our planner as a player of an environment that others wrote: it plans each control step, and is timed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.experience import Experience
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray, Goal, Observation, Reading


class ModelPlayer:
    """Plans with a world model.

    Args:
        model: trained on recordings of the environment.
        spec: its robot.
        settings: how to plan.
        experience: the recordings as a memory, where the settings need it.

    Attributes:
        plan_s: how long each plan took.
    """

    def __init__(
        self,
        model: ModelRuntime,
        spec: RobotSpec,
        settings: PlannerSettings,
        experience: Experience | None = None,
    ) -> None:
        self._spec = spec
        self._planner = RecedingHorizonPlanner(
            model, spec, settings, time.perf_counter_ns, experience=experience
        )
        self.plan_s: list[float] = []

    def pursue(self, goal: Goal) -> None:
        """Begin an episode toward a goal; nothing of the last one stays."""
        self._planner.restart()
        self._planner.set_goal(goal)
        self._step = 0

    def first_action(self, seen: Mapping[str, Any]) -> FloatArray:
        """Plan from what the sensors show, by name, and return the first action (A,), in its units."""
        stamp_ns = self._step * self._spec.step_ns
        self._step += 1
        observation = Observation({name: Reading(value, stamp_ns, stamp_ns) for name, value in seen.items()})
        started = time.perf_counter()
        plan = self._planner.plan(observation)
        self.plan_s.append(time.perf_counter() - started)
        return np.asarray(plan.actions[0, 0], dtype=np.float64)
