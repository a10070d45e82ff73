# SPDX-License-Identifier: Apache-2.0
"""The area of a base, with every heading."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.polygon import room
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError
from ami_ros.exploration.cells import Cells
from ami_ros.exploration.settings import ExplorerSettings
from ami_ros.exploration.steering import SteeringTo, leaves_area, used_share
from ami_ros.types import FloatArray, Observation

SHARES = np.linspace(1.0, 0.0, 9)  # of the speed forward, until the way ahead stays inside


class AreaTerritory:
    """Implements `Territory` for a base with a differential drive: x, y and yaw.

    Args:
        spec: the robot.
        settings: speed, border and cells.

    Raises:
        EmbodimentError: no sensor gives its pose, or no area bounds it: it would drive away.
    """

    def __init__(self, spec: RobotSpec, settings: ExplorerSettings) -> None:
        base = spec.base
        if base is None or base.keep_in is None or not base.sensor or set(spec.actions.names) != {"vx", "wz"}:
            raise EmbodimentError(
                f"{spec.name}: explore: got action channels {list(spec.actions.names)}, expected vx and wz "
                "of a base with pose and keep_in: a mobile base needs an area that it must not leave"
            )
        self._base, self._names, self.sensor = base, spec.actions.names, base.sensor
        self._actions = spec.actions
        self._share = settings.fastest
        self.fastest = self._share * spec.actions.largest
        self._ahead_s = 2.0 * settings.turn_s  # includes braking
        lower, upper = base.keep_in.min(axis=0) + base.radius, base.keep_in.max(axis=0) - base.radius
        if not (lower < upper).all():
            raise EmbodimentError(
                f"{spec.name}: explore: got a radius of {base.radius} m in keep_in, expected room to drive in"
            )
        self._area, self._room = base.keep_in, base.radius
        corners = np.array([[*lower, -math.pi], [*upper, math.pi]])
        self.cells = Cells(
            corners[0], corners[1], settings.cells, (False, False, True), lambda centres: self._may(centres)
        )
        wide = (corners[1] - corners[0]) / settings.cells
        self._near, self._angle = float(wide[:2].min()), float(wide[2])
        self._target: FloatArray | None = None
        self._steering: SteeringTo | None = None

    def _may(self, centres: FloatArray) -> NDArray[np.bool_]:
        return room(centres[:, :2], self._area) >= self._room

    def place(self, observation: Observation) -> FloatArray:
        """Return x, y (m) and yaw (rad) (3,)."""
        return self._base.pose(observation[self.sensor].value)

    def ahead(self, place: FloatArray, way: FloatArray) -> FloatArray:
        """Return the pose (3,) after a way of vx (m) and wz (rad)."""
        gone = dict(zip(self._names, way.tolist(), strict=True))
        yaw = float(place[2]) + 0.5 * gone["wz"]
        along = np.array([math.cos(yaw), math.sin(yaw)]) * gone["vx"]
        there: FloatArray = place + np.array([*along, gone["wz"]])
        return there

    def ways(self, place: FloatArray, axes: list[int], centres: FloatArray) -> FloatArray:
        """Return distances to poses (N, 3): the way, and the turns on it and at its end, forward or back."""
        gap = centres[:, :2] - place[:2]
        bearing = np.arctan2(gap[:, 1], gap[:, 0])
        alpha, beta = bearing - place[2], centres[:, 2] - bearing
        turns = np.minimum(_turn(alpha) + _turn(beta), _turn(alpha + math.pi) + _turn(beta + math.pi))
        speeds = dict(zip(self._names, self.fastest.tolist(), strict=True))
        times = np.linalg.norm(gap, axis=1) / speeds["vx"] + turns / speeds["wz"]
        across: float = float(np.ptp(self._area, axis=0).max()) / speeds["vx"]
        return np.asarray(times / across)

    def toward(self, place: FloatArray, target: FloatArray) -> FloatArray:
        """Return the speeds (A,) that steer to a pose and pass through it without a stop."""
        if self._steering is None or self._target is not target:
            self._target = target
            self._steering = SteeringTo(self._actions, target, self._near, self._angle)
        speeds = self._steering.next(place)
        used = used_share(self._actions, speeds)
        return self._share / used * speeds if used > 0.0 else speeds

    def turned_back(self, place: FloatArray, speeds: FloatArray) -> FloatArray:
        """Return speeds (A,) with the forward or backward one reduced as the way ahead is short."""
        motion = dict(zip(self._names, speeds.tolist(), strict=True))
        for share in SHARES:
            ahead = {**motion, "vx": share * motion["vx"]}
            if not leaves_area(self._base, place, ahead, self._ahead_s):
                break
        wanted = np.array([ahead[name] for name in self._names])
        kept: FloatArray = np.clip(wanted, self._share * self._actions.low, self._share * self._actions.high)
        return kept

    def actions(self, place: FloatArray, speeds: FloatArray, steps: int) -> FloatArray:
        """Return actions (steps, A): the same speeds until the next proposal."""
        return np.tile(self.turned_back(place, speeds), (steps, 1))


def _turn(angles: FloatArray) -> FloatArray:
    """Return the sizes of turns (N,), 0 to pi."""
    return np.abs((angles + math.pi) % (2.0 * math.pi) - math.pi)
