# SPDX-License-Identifier: Apache-2.0
"""Our planner in the four rooms."""

from __future__ import annotations

import time

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.experience import Experience
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray, Goal, Observation, Reading
from benchmarks.four_room.tasks import RoomTask
from benchmarks.four_room.view import View


class PlannerPlayer:
    """Implements `Player` with a world model; it never uses the truth.

    Args:
        model: trained on recordings of the rooms.
        spec: of config/four_room/agent.yaml.
        settings: how to plan.
        experience: the memory, where the settings need it.
    """

    def __init__(
        self,
        model: ModelRuntime,
        spec: RobotSpec,
        settings: PlannerSettings,
        experience: Experience | None = None,
    ) -> None:
        self._spec, self._side = spec, model.sides[spec.camera.name]
        self._planner = RecedingHorizonPlanner(
            model, spec, settings, time.perf_counter_ns, experience=experience
        )

    def begin(self, goal: View, task: RoomTask) -> None:
        """Encode the goal."""
        self._planner.set_goal(Goal(images={self._spec.camera.name: goal.image(self._side)}))
        self._step = 0

    def act(self, seen: View, truth: FloatArray) -> FloatArray:
        """Plan, and return the first action."""
        stamp_ns = self._step * self._spec.step_ns
        self._step += 1
        picture = Reading(seen.image(self._side), stamp_ns, stamp_ns)
        plan = self._planner.plan(Observation({self._spec.camera.name: picture}))
        return np.asarray(plan.actions[0, 0], dtype=np.float64)
