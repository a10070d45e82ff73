# SPDX-License-Identifier: Apache-2.0
"""An action is the velocity of a base; the command is that velocity itself."""

from __future__ import annotations

import numpy as np

from ami_ros.body.meanings.last_proposed import LastProposed
from ami_ros.body.meanings.meaning import Meaning, points_over_time
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory


class Twist:
    """Implements `Meaning` for a body without arm.

    A proposal continues from the velocity proposed last, not from a measured one: odometry lags behind, and
    each proposal would brake first.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._last = spec, LastProposed(spec.home)

    @property
    def parts(self) -> tuple[Meaning, ...]:
        """Itself: it is of one group."""
        return (self,)

    def start(self, observation: Observation) -> FloatArray:
        """Return the velocities (C,) that the last proposal wanted now; those at rest before the first."""
        return self._last.at(observation.stamp_ns)

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Reach each of the actions (T, K, A), in m/s and rad/s, at the end of its control step."""
        spec = self._spec
        points = [self.start(observation), *actions.reshape(-1, spec.action_size).astype(np.float64)]
        result = points_over_time(spec.command_names, points, spec.step_ns, observation.stamp_ns)
        self._last.remember(result)
        return result

    def note(self, actions: FloatArray, observation: Observation) -> None:
        """Note where actions (T, K, A) leave the velocities."""
        self.proposal(actions, observation)

    def hold(self, observation: Observation) -> FloatArray:
        """Return zero velocity (A,): a moving base is not held."""
        return np.zeros(self._spec.action_size)

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the velocity at the end (A,): an action is reached at the end of its control step."""
        return end

    def forget(self) -> None:
        """Return to rest, as after a reset of the robot."""
        self._last.forget()
