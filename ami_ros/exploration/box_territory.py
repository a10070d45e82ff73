# SPDX-License-Identifier: Apache-2.0
"""A box with one axis per action channel: an arm's workspace, joints, or set points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.actions import AXES
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.joints import joint_indices
from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError
from ami_ros.exploration.cells import Cells
from ami_ros.exploration.settings import ExplorerSettings
from ami_ros.types import FloatArray, Observation

RANGE_S = 10.0  # to cross the range of a channel without a speed limit
SHARES = np.linspace(1.0, 0.0, 5)  # of the speeds, until the place ahead may be entered


@dataclass(frozen=True, eq=False)
class Box:
    """The properties that depend on the meaning of the actions.

    Attributes:
        place: returns the place of the body (A,).
        lower: lower border (A,).
        upper: upper border (A,).
        speeds: (2, A) lowest and highest speeds that actions can request, units/s.
        by_position: (A,) whether actions of a channel are places; else speeds.
        sensor: as in Territory.
        may: returns whether a place (A,) inside the box may be entered; None allows all.
        refuge: (A,) a place that may be entered for certain.
    """

    place: Callable[[Observation], FloatArray]
    lower: FloatArray
    upper: FloatArray
    speeds: FloatArray
    by_position: NDArray[np.bool_]
    sensor: str
    may: Callable[[FloatArray], bool] | None = None
    refuge: FloatArray | None = None


class BoxTerritory:
    """Implements `Territory` with D = A.

    Args:
        box: box of the body.
        settings: speed, border and cells.
        step_s: duration of a control step, s.
    """

    def __init__(self, box: Box, settings: ExplorerSettings, step_s: float) -> None:
        self._box, self._step_s = box, step_s
        self._slowest, self._fastest = settings.fastest * box.speeds
        self.fastest, self.sensor = np.maximum(np.abs(self._slowest), self._fastest), box.sensor
        margin = settings.margin * (box.upper - box.lower)
        self._lower, self._upper, self._turn_s = box.lower + margin, box.upper - margin, settings.turn_s
        self.cells = Cells(self._lower, self._upper, settings.cells)

    def place(self, observation: Observation) -> FloatArray:
        """Return the place of the body (A,)."""
        return self._box.place(observation)

    def toward(self, place: FloatArray, target: FloatArray) -> FloatArray:
        """Return the speeds (A,) of the straight way, within the channels' limits; no stop at its end."""
        gap = np.nan_to_num(target - place)
        speeds = gap / max(self._step_s, float(np.abs(gap / self.fastest).max()))
        return np.clip(speeds, self._slowest, self._fastest)

    def ahead(self, place: FloatArray, way: FloatArray) -> FloatArray:
        """Return the end of a way (A,), inside the border."""
        return np.clip(place + way, self._lower, self._upper)

    def ways(self, place: FloatArray, axes: list[int], centres: FloatArray) -> FloatArray:
        """Return the times from a place (A,) to places (N, k), as shares of that across the longest axis."""
        across = float(((self._upper - self._lower) / self.fastest).max())
        return np.asarray(np.abs((centres - place[axes]) / self.fastest[axes]).max(axis=1) / across)

    def turned_back(self, place: FloatArray, speeds: FloatArray) -> FloatArray:
        """Return speeds (A,) at which the border is at least `turn_s` away; from outside they lead back.

        Source: an exponential approach, x' = -x / T, whose speed falls with the distance.
        """
        low = np.clip((self._lower - place) / self._turn_s, self._slowest, self._fastest)
        high = np.clip((self._upper - place) / self._turn_s, self._slowest, self._fastest)
        kept: FloatArray = np.clip(speeds, low, high)
        may, refuge = self._box.may, self._box.refuge
        if may is None or refuge is None:
            return kept
        for share in SHARES:
            slower: FloatArray = share * kept
            if may(place + slower * self._turn_s):
                return slower
        return self.toward(place, refuge)

    def actions(self, place: FloatArray, speeds: FloatArray, steps: int) -> FloatArray:
        """Return actions (steps, A): speeds, or the places that they lead to."""
        found = []
        for _ in range(steps):
            speeds = self.turned_back(place, speeds)
            place = place + speeds * self._step_s
            found.append(np.where(self._box.by_position, place, speeds))
        return np.stack(found)


def workspace_box(spec: RobotSpec, meaning: Meaning) -> Box:
    """Return the workspace box of the tip of an arm with Cartesian actions.

    Raises:
        KinematicsError: the URDF does not fit the robot.
    """
    axes, forward = [AXES.index(axis) for axis in spec.actions.names], Kinematics(spec).forward
    return Box(
        place=lambda observation: forward(meaning.start(observation))[0][axes],
        lower=spec.workspace[0][axes],
        upper=spec.workspace[1][axes],
        speeds=np.stack([spec.actions.low, spec.actions.high]),
        by_position=np.zeros(len(axes), dtype=bool),
        sensor=spec.joint_sensor,
    )


def joint_box(spec: RobotSpec, meaning: Meaning) -> Box:
    """Return the box of the limits of the moved joints, which the tip's workspace restricts further.

    Raises:
        EmbodimentError: a joint has no position limit.
        KinematicsError: the URDF does not fit the robot.
    """
    moved, forward, limits = joint_indices(spec), Kinematics(spec).forward, spec.limits
    if limits.lower is None or limits.upper is None or not np.isfinite([limits.lower, limits.upper]).all():
        raise EmbodimentError(
            f"{spec.name}: explore: got joints without position limits, expected lower and upper in the "
            "URDF or in arm.limits"
        )
    by_position = spec.actions.meaning == "joint_position"
    low, high = limits.lower[moved], limits.upper[moved]
    speeds = np.stack([spec.actions.low, spec.actions.high])
    if by_position:
        low, high = np.maximum(low, speeds[0]), np.minimum(high, speeds[1])
        known = np.full(len(spec.joint_names), np.inf) if limits.velocity is None else limits.velocity
        fastest = np.minimum(known[moved], np.ptp(speeds, axis=0) / RANGE_S)
        speeds = np.stack([-fastest, fastest])
    home, workspace = spec.home.copy(), spec.workspace

    def inside(place: FloatArray) -> bool:
        joints = home.copy()
        joints[moved] = place
        tip = forward(joints)[0]
        return bool((tip >= workspace[0]).all() and (tip <= workspace[1]).all())

    def at(observation: Observation) -> FloatArray:
        place: FloatArray = meaning.start(observation)[moved]
        return place

    return Box(
        at, low, high, speeds, np.full(len(moved), by_position), spec.joint_sensor, inside, home[moved]
    )


def setpoint_box(spec: RobotSpec, meaning: Meaning) -> Box:
    """Return the box of the set point ranges of a plant."""
    actions, fastest = spec.actions, setpoint_speeds(spec)
    by_position = np.ones(actions.size, dtype=bool)
    return Box(meaning.start, actions.low, actions.high, np.stack([-fastest, fastest]), by_position, "")


def setpoint_speeds(spec: RobotSpec) -> FloatArray:
    """Return how fast set points (A,) may change, units/s: across their range in RANGE_S if nothing says."""
    across = 2.0 * spec.actions.half_range / RANGE_S
    given = [channel.velocity for channel in spec.actions.channels]
    return np.array([slow if v is None else v for slow, v in zip(across, given, strict=True)])


def joined(boxes: Sequence[Box]) -> Box:
    """Return the boxes of several groups as one: their axes stand side by side."""
    ends = np.cumsum([len(box.lower) for box in boxes])[:-1]
    centres = [0.5 * (box.lower + box.upper) for box in boxes]
    refuge = [
        middle if box.refuge is None else box.refuge for middle, box in zip(centres, boxes, strict=True)
    ]

    def may(place: FloatArray) -> bool:
        parts = zip(boxes, np.split(place, ends), strict=True)
        return all(box.may is None or box.may(part) for box, part in parts)

    return Box(
        place=lambda observation: np.concatenate([box.place(observation) for box in boxes]),
        lower=np.concatenate([box.lower for box in boxes]),
        upper=np.concatenate([box.upper for box in boxes]),
        speeds=np.concatenate([box.speeds for box in boxes], axis=1),
        by_position=np.concatenate([box.by_position for box in boxes]),
        sensor=next((box.sensor for box in boxes if box.sensor), ""),
        may=may if any(box.may is not None for box in boxes) else None,
        refuge=np.concatenate(refuge),
    )
