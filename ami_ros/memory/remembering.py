# SPDX-License-Identifier: Apache-2.0
"""Selects the planning cycles to remember: one moment per action block, and named ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError
from ami_ros.memory.moment import Episode, Moment, sensed_moment
from ami_ros.memory.writer import MemoryWriter
from ami_ros.types import FloatArray, Goal, Level, Observation, Plan

ARRIVED, REPLACED, RESTARTED = "arrived", "replaced", "restarted"  # outcomes of an episode


class Remembering:
    """Follows a planner, one observation at a time.

    While it plans, the beginning of each action block is a moment; at rest at the goal, only the first is.
    Without a plan, only named moments are stored.

    Args:
        writer: receives the moments.
        spec: the robot.
        task: its task.
        sides: camera -> side of the image that the model sees, px.
    """

    def __init__(self, writer: MemoryWriter, spec: RobotSpec, task: str, sides: Mapping[str, int]) -> None:
        self._writer, self._spec, self._task, self._sides = writer, spec, task, sides
        self._vectors = [sensor.name for sensor in spec.vectors_for("model")]
        self._goal, self._name = "", ""
        self._level: Level | None = None
        self._forget()

    def _forget(self) -> None:
        self._open = self._rests = self._kept_rest = False
        self._begun: Moment | None = None
        self._begun_name = ""
        self._done: list[FloatArray] = []

    def pursue(self, goal: Goal | None) -> None:
        """Begin an episode toward a goal; None for no goal."""
        self._close(REPLACED)
        self._goal = "" if goal is None else goal.label

    def restart(self) -> None:
        """Begin an episode: the next observation does not follow from the last."""
        self._close(RESTARTED)

    def judge(self, level: Level) -> None:
        """Set the gate's level from now on."""
        self._level = level

    def remember(self, name: str) -> None:
        """Give the next observation a name.

        Raises:
            GoalError: the name is a number: `ami-ros memory` would take it for the number of a moment.
        """
        if name.isdecimal():
            raise GoalError(f"got {name!r}, expected a name with more than digits")
        self._name = name

    def named(self, name: str) -> Moment | None:
        """Return a named moment that is not on disk yet; None otherwise: query the file."""
        if self._begun is not None and self._begun_name == name:
            return self._begun
        return self._writer.named(name)

    def see(self, observation: Observation, plan: Plan | None) -> None:
        """Handle an observation and the plan made from it; None if none was made."""
        block = self._spec.action_block
        if self._begun is not None and (plan is None or len(self._done) >= block):
            self._write()  # actions after a pause do not belong to the block before it
        if self._name:
            self._write()
            self._begin(observation, plan)
            self._name = ""
        elif plan is not None and self._begun is None and not (self._kept_rest and plan.arrived):
            self._begin(observation, plan)
        if plan is not None:
            if plan.arrived and not self._rests:
                self._writer.end(ARRIVED)
            self._rests = plan.arrived
            self._kept_rest = plan.arrived and (self._kept_rest or self._done == [])
            self._done.append(self._action(plan))

    def close(self) -> None:
        """Hand over the rest."""
        self._close("")
        self._writer.close()

    def _close(self, outcome: str) -> None:
        self._write()
        if self._open and outcome and not self._rests:
            self._writer.end(outcome)
        self._forget()

    def _begin(self, observation: Observation, plan: Plan | None) -> None:
        if not self._open:
            self._writer.begin(Episode(self._task, self._goal))
            self._open = True
        self._begun = dataclasses.replace(
            sensed_moment(observation, self._sides, self._vectors),
            state=None if plan is None else plan.state,
            distance=None if plan is None else plan.distance,
            surprise=None if plan is None else plan.surprise,
            verdict="" if self._level is None else self._level.name,
        )
        self._done = []
        self._begun_name = self._name
        if plan is None:
            self._write()

    def _action(self, plan: Plan) -> FloatArray:
        """Return the plan's first action (A,) in [-1, 1]; NaN while the gate holds or stops."""
        if self._level is not None and self._level >= Level.HOLD:
            return np.full(self._spec.action_size, np.nan)
        return self._spec.actions.normalised(plan.actions[0, 0])

    def _write(self) -> None:
        if self._begun is None:
            return
        done = self._done[: self._spec.action_block]
        whole = len(done) == self._spec.action_block and bool(np.isfinite(done).all())
        action = np.concatenate(done).astype(np.float32) if whole else None
        self._writer.add(dataclasses.replace(self._begun, action=action), self._begun_name)
        self._begun = None
