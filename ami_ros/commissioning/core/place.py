# SPDX-License-Identifier: Apache-2.0
"""Where a body is by its own sensors, how far another place is, and which way leads there."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.commissioning.core.plant_place import PlantPlace
from ami_ros.errors import EmbodimentError
from ami_ros.exploration.driven_way import driven_way
from ami_ros.exploration.steering import wrapped
from ami_ros.types import FloatArray, Observation

if TYPE_CHECKING:
    from ami_ros.commissioning.core.settings import CommissionSettings


class Place(Protocol):
    """Places of one kind of body, as vectors (P,).

    Attributes:
        sensors: measure the place.
        units: of `gaps`, by name; the first gap counts most.
        hears_commands: whether it needs the commands that go to the robot, as a reading `COMMANDED`.
        sensor_fault: fault of a sensor that the gate must notice.
        by_hand: what a person does to cause it, and to end it.
        taken: what a goal consists of, for people.
        authority: what the planner gets a share of, for people.
    """

    sensors: tuple[str, ...]
    units: dict[str, str]
    hears_commands: bool
    sensor_fault: str
    by_hand: tuple[str, str]
    taken: str
    authority: str

    def of(self, observation: Observation) -> FloatArray:
        """Return where the body is (P,). Raises ObservationError: the sensor has no reading."""

    def point(self, here: FloatArray) -> FloatArray:
        """Return the part of a place that counts most: the position of the moving part, m."""

    def gaps(self, here: FloatArray, there: FloatArray) -> dict[str, float]:
        """Return how far two places are apart, by the names in `units`."""

    def way(self, here: FloatArray, there: FloatArray) -> FloatArray:
        """Return the control steps (A,) that each channel needs at its full speed, signed."""

    def planned(self, points: FloatArray, here: FloatArray) -> FloatArray:
        """Return the way (A,) of a proposal's points (N, C): of its first step, if that is enough."""

    def stir(self, one: FloatArray, other: FloatArray) -> float:
        """Return how far the body moved between two places, in the unit of `still_way`."""

    def may_stay(
        self, before: FloatArray, here: FloatArray, goals: Sequence[FloatArray], share: float
    ) -> bool:
        """Return whether the body can be brought here and stay, by where it was `before`.

        Args:
            before: `hindsight_s` before.
            here: where it is now.
            goals: places that are goals already.
            share: see `within_share`.
        """

    def within(self, wanted: CommissionSettings, goals: Sequence[FloatArray]) -> dict[str, float]:
        """Return the largest gaps that count as reached, by the names in `units`."""

    def near(self, wanted: CommissionSettings) -> float:
        """Return the distance between points below which a goal shows little."""

    def limits(self, share: float, first: FloatArray) -> Mapping[str, int | float | str | list[float]]:
        """Return parameters of the gate that leave the planner a share of its authority.

        Args:
            share: above 0, at most 1.
            first: place of the first goal.
        """

    def goal_at(self, share: float, goal: FloatArray, first: FloatArray) -> FloatArray:
        """Return the place to reach for a goal with a share of the authority."""

    def patience_s(self, goal_s: float, share: float) -> float:
        """Return the time for a goal with a share of the authority, s; `goal_s` with all of it."""

    def shown(self, goal: FloatArray) -> dict[str, float]:
        """Return the measured values of a goal by the names in `units`; none where pictures are the goal."""


class _InSpace(ABC):
    """What bodies that move in space have in common: goals are pictures, and authority is speed."""

    hears_commands, sensor_fault, taken, authority = False, "camera_black", "pictures", "the speed"
    by_hand = ("cover the camera now and keep it covered", "uncover it")
    sensors: tuple[str, ...]
    units: dict[str, str]

    @abstractmethod
    def gaps(self, here: FloatArray, there: FloatArray) -> dict[str, float]:
        """Return how far two places are apart, by the names in `units`."""

    def stir(self, one: FloatArray, other: FloatArray) -> float:
        """Return the largest gap."""
        return max(self.gaps(one, other).values())

    def may_stay(
        self, before: FloatArray, here: FloatArray, goals: Sequence[FloatArray], share: float
    ) -> bool:
        """Return True: it can stand still anywhere."""
        return True

    def within(self, wanted: CommissionSettings, goals: Sequence[FloatArray]) -> dict[str, float]:
        """Return the limits of lengths and of angles."""
        return {
            name: wanted.within_m if unit == "m" else wanted.within_rad for name, unit in self.units.items()
        }

    def near(self, wanted: CommissionSettings) -> float:
        """Return twice the length within which a goal is reached."""
        return 2.0 * wanted.within_m

    def limits(self, share: float, first: FloatArray) -> Mapping[str, int | float | str | list[float]]:
        """Return the share of its speed."""
        return {"speed_scale": share}

    def goal_at(self, share: float, goal: FloatArray, first: FloatArray) -> FloatArray:
        """Return the goal itself."""
        return goal

    def patience_s(self, goal_s: float, share: float) -> float:
        """Return more time for a slower robot."""
        return goal_s / share

    def shown(self, goal: FloatArray) -> dict[str, float]:
        """Return nothing: the goal is a picture."""
        return {}


class ArmPlace(_InSpace):
    """Implements `Place` by the joints (J,): the tip's position counts most, then the joints."""

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, self._kinematics, self._meaning = spec, Kinematics(spec), meaning_of(spec)
        self.sensors = (spec.joint_sensor,)
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

    def planned(self, points: FloatArray, here: FloatArray) -> FloatArray:
        """Return the way from the first point to the second."""
        return self.way(points[0], points[1])


class BasePlace(_InSpace):
    """Implements `Place` by the pose (3,) of a base with a differential drive."""

    def __init__(self, spec: RobotSpec) -> None:
        base = spec.base
        if base is None or not base.sensor or not {"vx", "wz"} >= set(spec.actions.names):
            raise EmbodimentError(
                f"{spec.name}: commission: got action channels {list(spec.actions.names)} and no joints, "
                "expected an arm, vx and wz of a base with a pose, or set points alone: sensors must measure "
                "where the robot is"
            )
        self._spec, self._base = spec, base
        self.sensors = (base.sensor,)
        self.units = {"position": "m", "heading": "rad"}

    def of(self, observation: Observation) -> FloatArray:
        """Return x, y (m) and yaw (rad) (3,)."""
        return self._base.pose(observation[self._base.sensor].value)

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

    def planned(self, points: FloatArray, here: FloatArray) -> FloatArray:
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
    if set(spec.meanings) == {"setpoint"}:
        return PlantPlace(spec)
    return ArmPlace(spec) if spec.arms else BasePlace(spec)
