# SPDX-License-Identifier: Apache-2.0
"""What moves the agent: our planner with a model of the recorded walks, or anything."""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.experience import Experience
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray, Goal, ImageArray, Observation, Reading


class Player(Protocol):
    """Moves the agent; it sees pictures alone."""

    def begin(self, goal: ImageArray, seed: int) -> None:
        """Begin an episode toward what a picture (side, side, 3) shows."""

    def act(self, seen: ImageArray) -> FloatArray:
        """Return the action (2,) in [-1, 1] of a control step that begins at a picture (side, side, 3)."""


class Ours:
    """Implements `Player`: plans with a world model.

    Args:
        model: trained on recorded walks.
        spec: its robot.
        settings: how to plan.
        experience: the walks as a memory, where the settings need it.

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

    def begin(self, goal: ImageArray, seed: int) -> None:
        """Forget the last episode, and encode the goal."""
        self._planner.restart()
        self._planner.set_goal(Goal(images={self._spec.camera.name: goal}))
        self._step = 0

    def act(self, seen: ImageArray) -> FloatArray:
        """Plan, and return the first action."""
        stamp_ns = self._step * self._spec.step_ns
        self._step += 1
        observation = Observation({self._spec.camera.name: Reading(seen, stamp_ns, stamp_ns)})
        started = time.perf_counter()
        plan = self._planner.plan(observation)
        self.plan_s.append(time.perf_counter() - started)
        return np.asarray(plan.actions[0, 0], dtype=np.float64)


class Random:
    """Implements `Player`: any action, the lower end."""

    def begin(self, goal: ImageArray, seed: int) -> None:
        """Start again."""
        self._generator = np.random.default_rng(seed)

    def act(self, seen: ImageArray) -> FloatArray:
        """Return an action, uniform in its range."""
        return self._generator.uniform(-1.0, 1.0, 2)
