# SPDX-License-Identifier: Apache-2.0
"""An action is a value for each set point of a plant; the commands are the set points themselves."""

from __future__ import annotations

import numpy as np

from ami_ros.body.meanings.last_proposed import LastProposed
from ami_ros.body.meanings.meaning import Meaning, points_over_time
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory


class Setpoint:
    """Implements `Meaning` for a body without arm.

    A sensor that has a value with the name and unit of each channel measures the set points. Without one, and
    of a gripper, they are where the last proposal wanted them; before the first one the group says where.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._last = spec, LastProposed(spec.home)
        (self._group,) = spec.groups
        self._feedback, (_, self._columns) = self._group.start_sensor(spec.sensors), spec.feedback

    @property
    def parts(self) -> tuple[Meaning, ...]:
        """Itself: it is of one group."""
        return (self,)

    def start(self, observation: Observation) -> FloatArray:
        """Return where the set points are (C,)."""
        if not self._feedback:
            return self._last.at(observation.stamp_ns, self._group.begins(observation))
        measured: FloatArray = observation[self._feedback].value[self._columns]
        return measured

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Reach each of the actions (T, K, A), in the channels' units, at the end of its control step."""
        spec = self._spec
        points = [self.start(observation), *actions.reshape(-1, spec.action_size).astype(np.float64)]
        stamp_ns = observation[self._feedback].stamp_ns if self._feedback else observation.stamp_ns
        result = points_over_time(spec.command_names, points, spec.step_ns, stamp_ns)
        self._last.remember(result)
        return result

    def note(self, actions: FloatArray, observation: Observation) -> None:
        """Note where actions (T, K, A) leave the set points."""
        self.proposal(actions, observation)

    def hold(self, observation: Observation) -> FloatArray:
        """Return where the set points are (A,)."""
        return self.start(observation)

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the set points at the end (A,): an action is reached at the end of its control step."""
        return end

    def forget(self) -> None:
        """Return to home, as after a reset of the robot."""
        self._last.forget()
