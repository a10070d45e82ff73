# SPDX-License-Identifier: Apache-2.0
"""Compare camera images with the model's knowledge, and with its predictions some blocks ago."""

from __future__ import annotations

from collections import deque

import numpy as np

from ami_ros.body.groups import ArmGroup, BaseGroup
from ami_ros.body.kinematics import Kinematics
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
        ends = np.cumsum([group.actions.size for group in spec.groups])[:-1]
        self._ends, self._watches = ends, [_watch_of(part) for part in spec.parts]
        steps, self._steps = spec.action_block * SURPRISE_BLOCKS, ControlSteps(spec.step_ns)
        self._past: deque[tuple[Sensed, FloatArray]] = deque(maxlen=steps)
        self._standing = np.zeros(steps * spec.action_size)
        self.restart()

    def restart(self) -> None:
        """Forget the past: the next observation does not follow from it."""
        self._past.clear()
        self._steps.restart()
        self._now: Sensed | None = None
        self._tips = [np.zeros(3)] * len(self._watches)

    def observe(self, now: Sensed, observation: Observation) -> dict[str, float]:
        """Return the surprise by component; without `MOTION` until whole blocks ran as planned, in time.

        Args:
            now: the encoded observation.
            observation: the observation itself.
        """
        tips = [watch.tip(observation) for watch in self._watches]
        if self._now is not None and self._steps.goes_on(observation.stamp_ns):
            return self._look(now)
        action = self._steps.end(observation.stamp_ns)
        if action is None or self._now is None:
            self._past.clear()
        elif self._was_executed(action, tips, observation):
            self._past.append((self._now, action))
        else:
            self._past.clear()
        self._now, self._tips = now, tips
        if len(self._past) < (self._past.maxlen or 0):
            return self._look(now)
        return self._model.surprise(self._past[0][0], np.concatenate([a for _, a in self._past]), now)

    def _look(self, now: Sensed) -> dict[str, float]:
        terms = self._model.surprise(now, self._standing, now)
        return {name: value for name, value in terms.items() if name != MOTION}

    def _was_executed(self, action: FloatArray, tips: list[FloatArray], observation: Observation) -> bool:
        """Return whether every group did what was planned; `action` (A,) in [-1, 1]."""
        parts = zip(self._watches, np.split(action, self._ends), self._tips, tips, strict=True)
        return all(watch.was_executed(part, now - before, observation) for watch, part, before, now in parts)

    def act(self, action: FloatArray) -> None:
        """Note the action (A,) in [-1, 1] that is executed until the next observation."""
        self._steps.act(action)


class _Watch:
    """Whether a group did what was planned; always where nothing measures it."""

    def tip(self, observation: Observation) -> FloatArray:
        """Return where the tip of an arm is (3,), m."""
        return np.zeros(3)

    def was_executed(self, action: FloatArray, moved: FloatArray, observation: Observation) -> bool:
        """Return whether the group followed an action (A,) in [-1, 1], whose tip `moved` (3,), m."""
        return True


class _ArmWatch(_Watch):
    """By the way of the tip."""

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._kinematics = spec, Kinematics(spec)

    def tip(self, observation: Observation) -> FloatArray:
        return self._kinematics.forward(self._spec.joint_position(observation))[0]

    def was_executed(self, action: FloatArray, moved: FloatArray, observation: Observation) -> bool:
        planned = self._spec.tip_velocity(self._spec.actions.in_units(action)) * self._spec.step_ns / 1e9
        length = float(np.linalg.norm(planned))
        return length < NOTICEABLE or float(moved @ planned) >= EXECUTED * length * length


class _BaseWatch(_Watch):
    """By the measured speed."""

    def __init__(self, spec: RobotSpec) -> None:
        self._actions, (self._sensor, self._columns) = spec.actions, spec.feedback

    def was_executed(self, action: FloatArray, moved: FloatArray, observation: Observation) -> bool:
        planned = self._actions.in_units(action) / self._actions.half_range
        length = float(np.linalg.norm(planned))
        if self._sensor not in observation.readings or length < NOTICEABLE_SPEED:
            return True
        driven = observation[self._sensor].value[self._columns] / self._actions.half_range
        return float(driven @ planned) >= EXECUTED * length * length


def _watch_of(part: RobotSpec) -> _Watch:
    (group,) = part.groups
    if isinstance(group, ArmGroup):
        return _ArmWatch(part)
    return _BaseWatch(part) if isinstance(group, BaseGroup) else _Watch()


def at_rest(terms: dict[str, float]) -> float | None:
    """Return the largest surprise of a single observation; None if there is none."""
    return max((value for name, value in terms.items() if name != MOTION), default=None)
