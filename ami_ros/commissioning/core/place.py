# SPDX-License-Identifier: Apache-2.0
"""Where a body is by its own sensors, how far another place is, and which way leads there."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError
from ami_ros.exploration.driven_way import driven_way
from ami_ros.exploration.steering import wrapped
from ami_ros.types import FloatArray, Observation


class Place(Protocol):
    """Places of one kind of body, as vectors (P,).

    Attributes:
        sensor: measures the place.
        units: of `gaps`: name -> m or rad; the first gap counts most.
    """

    sensor: str
    units: dict[str, str]

    def of(self, observation: Observation) -> FloatArray:
        """Return where the body is (P,). Raises ObservationError: the sensor has no reading."""

    def point(self, here: FloatArray) -> FloatArray:
        """Return the part of a place that counts most: the position of the moving part, m."""

    def gaps(self, here: FloatArray, there: FloatArray) -> dict[str, float]:
        """Return how far two places are apart, by the names in `units`."""

    def way(self, here: FloatArray, there: FloatArray) -> FloatArray:
        """Return the control steps (A,) that each channel needs at its full speed, signed."""

    def planned(self, points: FloatArray) -> FloatArray:
        """Return the way (A,) of a proposal's points (N, C): of its first step, if that is enough."""


class ArmPlace:
    """Implements `Place` by the joints (J,): the tip's position counts most, then the joints."""

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._kinematics, self._meaning = spec, Kinematics(spec), meaning_of(spec)
        self.sensor = spec.joint_sensor
        self.units = {"tip": "m", "joint": "rad"}

    def of(self, observation: Observation) -> FloatArray:
        """Return the joint positions (J,)."""
        return self._spec.joint_position(observation)

    def point(self, here: FloatArray) -> FloatArray:
        """Return the tip's position (3,)."""
        return self._kinematics.forward(here)[0]

    def gaps(self, here: FloatArray, there: FloatArray) -> dict[str, float]:
        """Return the distance between the tips, and the largest joint difference."""
        return {
            "tip": float(np.linalg.norm(self.point(there) - self.point(here))),
            "joint": float(np.abs(there - here).max()),
        }

    def way(self, here: FloatArray, there: FloatArray) -> FloatArray:
        """Return the way between two joint positions, in this arm's actions."""
        step_s = self._spec.step_ns / 1e9
        still = self._meaning.between(here, here, step_s)  # position actions have another zero
        way: FloatArray = (self._meaning.between(here, there, step_s) - still) / self._spec.actions.half_range
        return way

    def planned(self, points: FloatArray) -> FloatArray:
        """Return the way from the first point to the second."""
        return self.way(points[0], points[1])


class BasePlace:
    """Implements `Place` by the pose (3,) of a base with a differential drive."""

    def __init__(self, spec: RobotSpec) -> None:
        base = spec.base
        if base is None or not base.sensor or not {"vx", "wz"} >= set(spec.actions.names):
            raise EmbodimentError(
                f"{spec.name}: commission: got action channels {list(spec.actions.names)} and no joints, "
                "expected an arm, or vx and wz of a base with a pose: a sensor must measure where the robot "
                "is"
            )
        self._spec, self._base = spec, base
        self.sensor = base.sensor
        self.units = {"position": "m", "heading": "rad"}

    def of(self, observation: Observation) -> FloatArray:
        """Return x, y (m) and yaw (rad) (3,)."""
        return self._base.pose(observation[self.sensor].value)

    def point(self, here: FloatArray) -> FloatArray:
        """Return x and y (2,)."""
        return here[:2]

    def gaps(self, here: FloatArray, there: FloatArray) -> dict[str, float]:
        """Return the distance between two poses, and the turn."""
        return {
            "position": float(np.linalg.norm(there[:2] - here[:2])),
            "heading": abs(wrapped(float(there[2] - here[2]))),
        }

    def way(self, here: FloatArray, there: FloatArray) -> FloatArray:
        """Return the arc from pose to pose: forward or back, and the turn."""
        gone = dict(zip(("vx", "wz"), driven_way(here, there), strict=True))
        step_s, actions = self._spec.step_ns / 1e9, self._spec.actions
        way: FloatArray = np.array([gone[name] for name in actions.names]) / (actions.half_range * step_s)
        return way

    def planned(self, points: FloatArray) -> FloatArray:
        """Return the way to the end of the plan: a base may have to move away first, to turn."""
        pose, step_s = np.zeros(3), self._spec.step_ns / 1e9
        for point in points[1:]:
            speeds = dict(zip(self._spec.actions.names, point.tolist(), strict=True))
            yaw = float(pose[2]) + 0.5 * step_s * speeds.get("wz", 0.0)
            forward = np.array([math.cos(yaw), math.sin(yaw)]) * speeds.get("vx", 0.0)
            pose = pose + step_s * np.array([*forward, speeds.get("wz", 0.0)])
        return self.way(np.zeros(3), pose)


def place_of(spec: RobotSpec) -> Place:
    """Return the `Place` of a robot's body.

    Raises:
        EmbodimentError: no sensor measures it.
        KinematicsError: the URDF does not fit the robot.
    """
    return ArmPlace(spec) if spec.arms else BasePlace(spec)
