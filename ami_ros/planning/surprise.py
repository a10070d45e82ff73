# SPDX-License-Identifier: Apache-2.0
"""Compare camera images with the model's knowledge, and with its predictions some blocks ago."""

from __future__ import annotations

from collections import deque

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.setpoint import feedback_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.networks.surprise import MOTION, SURPRISE_BLOCKS
from ami_ros.model.runtime import ModelRuntime, Sensed
from ami_ros.planning.control_steps import ControlSteps
from ami_ros.types import FloatArray, Observation

NOTICEABLE = 0.004  # m of planned tip motion per step; less does not show whether it was executed
NOTICEABLE_SPEED = 0.1  # same for a base, share of its top speed
EXECUTED = 0.5  # least share of a planned step that a tip moves when nothing holds it back


class SurpriseMonitor:
    """Keeps the last SURPRISE_BLOCKS action blocks and the sensor readings at each of their steps.

    The planner plans again at every control step, so only the first action of each plan is executed. The
    components that need a single observation are updated at every one. Motion is judged only if the robot did
    what was planned: a robot that the gate holds or slows down is no surprise.

    Args:
        model: measures the surprise.
        spec: the robot.
    """

    def __init__(self, model: ModelRuntime, spec: RobotSpec) -> None:
        self._model, self._spec = model, spec
        self._kinematics = None if spec.arm is None else Kinematics(spec)
        self._speeds, self._columns = feedback_of(spec) if spec.standstill is not None else ("", [])
        steps, self._steps = spec.action_block * SURPRISE_BLOCKS, ControlSteps(spec.step_ns)
        self._past: deque[tuple[Sensed, FloatArray]] = deque(maxlen=steps)
        self._standing = np.zeros(steps * spec.action_size)
        self.restart()

    def restart(self) -> None:
        """Forget the past: the next observation does not follow from it."""
        self._past.clear()
        self._steps.restart()
        self._now: Sensed | None = None
        self._tip = np.zeros(3)

    def observe(self, now: Sensed, observation: Observation) -> dict[str, float]:
        """Return the surprise by component; without `MOTION` until whole blocks ran as planned, in time.

        Args:
            now: the encoded observation.
            observation: the observation itself.
        """
        tip = np.zeros(3)
        if self._kinematics is not None:
            tip = self._kinematics.forward(self._spec.joint_position(observation))[0]
        if self._now is not None and self._steps.goes_on(observation.stamp_ns):
            return self._look(now)
        action = self._steps.end(observation.stamp_ns)
        if action is None or self._now is None:
            self._past.clear()
        elif self._was_executed(action, tip - self._tip, observation):
            self._past.append((self._now, action))
        else:
            self._past.clear()
        self._now, self._tip = now, tip
        if len(self._past) < (self._past.maxlen or 0):
            return self._look(now)
        return self._model.surprise(self._past[0][0], np.concatenate([a for _, a in self._past]), now)

    def _look(self, now: Sensed) -> dict[str, float]:
        terms = self._model.surprise(now, self._standing, now)
        return {name: value for name, value in terms.items() if name != MOTION}

    def _was_executed(self, action: FloatArray, moved: FloatArray, observation: Observation) -> bool:
        if self._kinematics is None:
            return self._was_driven(action, observation)
        planned = self._spec.tip_velocity(self._spec.actions.in_units(action)) * self._spec.step_ns / 1e9
        length = float(np.linalg.norm(planned))
        return length < NOTICEABLE or float(moved @ planned) >= EXECUTED * length * length

    def _was_driven(self, action: FloatArray, observation: Observation) -> bool:
        """Return whether a base reached the planned speed; True if nothing measures it."""
        planned = self._spec.actions.in_units(action) / self._spec.actions.half_range
        length = float(np.linalg.norm(planned))
        if self._speeds not in observation.readings or length < NOTICEABLE_SPEED:
            return True
        driven = observation[self._speeds].value[self._columns] / self._spec.actions.half_range
        return float(driven @ planned) >= EXECUTED * length * length

    def act(self, action: FloatArray) -> None:
        """Note the action (A,) in [-1, 1] that is executed until the next observation."""
        self._steps.act(action)


def at_rest(terms: dict[str, float]) -> float | None:
    """Return the largest surprise of a single observation; None if there is none."""
    return max((value for name, value in terms.items() if name != MOTION), default=None)
