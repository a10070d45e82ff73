# SPDX-License-Identifier: Apache-2.0
"""Where a body is by its own sensors, how far that is from somewhere else, and which way leads there."""

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
    """Of one kind of body. Places are vectors (P,).

    Attributes:
        sensor: that measures it.
        units: what `gaps` tells, in which unit: name -> m or rad; the first is the one that counts most.
    """

    sensor: str
    units: dict[str, str]

    def of(self, observation: Observation) -> FloatArray:
        """Return where the body is (P,). Raises ObservationError: the sensor says nothing."""

    def point(self, here: FloatArray) -> FloatArray:
        """Return what counts most of a place: the position of what moves, m."""

    def gaps(self, here: FloatArray, there: FloatArray) -> dict[str, float]:
        """Return how far two places are apart, by the names in `units`."""

    def way(self, here: FloatArray, there: FloatArray) -> FloatArray:
        """Return the control steps (A,) that each channel needs at its full speed, with the sign."""

    def planned(self, points: FloatArray) -> FloatArray:
        """Return the way (A,) that a proposal's points (N, C) go: its first step where that tells."""


class ArmPlace:
    """Implements `Place` by the joints (J,): the tip's position counts, and the joints next to it."""

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
        """Return how far the tips are apart, and the joint that is furthest."""
        return {
            "tip": float(np.linalg.norm(self.point(there) - self.point(here))),
            "joint": float(np.abs(there - here).max()),
        }

    def way(self, here: FloatArray, there: FloatArray) -> FloatArray:
        """Return the way from joints to joints, as the actions of this arm go it."""
        step_s = self._spec.step_ns / 1e9
        still = self._meaning.between(here, here, step_s)  # an action that is a position has another zero
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
                "expected an arm, or vx and wz of a base with a pose: something must tell where the robot is"
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
        """Return how far it is from one pose to the other, and the turn."""
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
        """Return the way to where the whole plan ends: a base may have to go off first, to turn."""
        pose, step_s = np.zeros(3), self._spec.step_ns / 1e9
        for point in points[1:]:
            speeds = dict(zip(self._spec.actions.names, point.tolist(), strict=True))
            yaw = float(pose[2]) + 0.5 * step_s * speeds.get("wz", 0.0)
            forward = np.array([math.cos(yaw), math.sin(yaw)]) * speeds.get("vx", 0.0)
            pose = pose + step_s * np.array([*forward, speeds.get("wz", 0.0)])
        return self.way(np.zeros(3), pose)


def place_of(spec: RobotSpec) -> Place:
    """Return what tells where a body is.

    Raises:
        EmbodimentError: nothing does.
        KinematicsError: the URDF does not fit the robot.
    """
    return BasePlace(spec) if spec.arm is None else ArmPlace(spec)
