# SPDX-License-Identifier: Apache-2.0
"""The planner node with a planner that needs no model: the tip goes straight to a joint goal."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError
from ami_ros.planning.factory import PlannerFactory
from ami_ros.ros.planner.node import run_planner
from ami_ros.settings.fields import setting
from ami_ros.types import Alternative, FloatArray, Goal, Observation, Plan

MORE = 2.5  # what going the other way costs


@dataclass(frozen=True)
class StraightLineSettings:
    horizon: int = setting("control steps per plan", ge=1, le=50)
    crash: bool = setting("raise something unforeseen while planning")


class StraightLine:
    def __init__(self, spec: RobotSpec, settings: StraightLineSettings) -> None:
        self._spec, self._settings, self._kinematics = spec, settings, Kinematics(spec)
        self._tip: FloatArray | None = None

    def set_goal(self, goal: Goal | None) -> None:
        if goal is not None and not goal.vectors:
            raise GoalError("got an image, expected joints: this planner cannot see")
        self._tip = None if goal is None else self._kinematics.forward(goal.vectors["joints"])[0]

    def restart(self) -> None:
        pass

    def plan(self, observation: Observation) -> Plan:
        if self._settings.crash:
            raise ZeroDivisionError("a bug")
        horizon, dt_s, speed = self._settings.horizon, self._spec.step_ns / 1e9, self._spec.max_tip_speed
        tip = self._kinematics.forward(self._spec.joint_position(observation))[0]
        gap = float(np.linalg.norm(self._tip - tip))
        actions = np.zeros((horizon, 1, 3))
        for step in range(horizon):
            actions[step, 0] = np.clip((self._tip - tip) / dt_s, -speed, speed)
            tip = tip + actions[step, 0] * dt_s
        return Plan(
            actions=actions,
            step_ns=self._spec.step_ns,
            cost=gap,
            cost_terms={"gap": gap},
            distance=gap / (speed * dt_s),
            arrived=gap < 0.01,
            predicted=np.zeros((horizon, 1), dtype=np.float32),
            iterations=1,
            deadline_met=True,
            observation_stamp_ns=observation.stamp_ns,
            proposal="hold",
            alternatives=lambda most: (Alternative(-actions, {"gap": gap + MORE}),) * min(most, 2),
        )


def build(spec: RobotSpec, model: Path, settings: Any, task: str, memory: Path | None) -> StraightLine:
    return StraightLine(spec, settings)


if __name__ == "__main__":
    factory = PlannerFactory(lambda task: StraightLineSettings(horizon=5, crash=False), build)
    sys.exit(run_planner(lambda: factory))
