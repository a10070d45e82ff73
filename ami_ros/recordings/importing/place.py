# SPDX-License-Identifier: Apache-2.0
"""Readings of the body's place, and how far it can move between two of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.leap import excess
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.recordings.importing.track import Times, Track
from ami_ros.types import FloatArray


@dataclass(frozen=True)
class SensorTrust:
    """How far the gate trusts readings; see its settings of the same names.

    Attributes:
        joint_jump: rad or m beyond what a joint's velocity limit explains between two readings.
        pose_jump: m and rad, the same for the pose of a base.
        joint_settle_s: readings this close to a contradiction, before and after, are doubted.
        still_joints_travel: rad or m; readings that repeat while commands move further are frozen.
    """

    joint_jump: float
    pose_jump: float
    joint_settle_s: float
    still_joints_travel: float


@dataclass(frozen=True, eq=False)
class Place:
    """The place of a body: joints of an arm, or the pose of a base.

    Attributes:
        sensor: that measures it.
        columns: (n,) of its readings; for a base x, y and yaw.
        fastest: (n,) largest velocity of each, per second; infinite without a limit.
        radius: of a base, m: how far a turn by one rad moves its rim; None for an arm.
    """

    sensor: str
    columns: tuple[int, ...]
    fastest: FloatArray
    radius: float | None

    def of(self, values: FloatArray) -> FloatArray:
        """Return the place of readings (N, n), with the heading unwrapped."""
        found = values[:, list(self.columns)]
        if self.radius is not None:
            found[:, 2] = np.unwrap(found[:, 2])
        return found

    def leaps(self, times: Sequence[int], values: Sequence[FloatArray], trust: SensorTrust) -> Times:
        """Return the stamps of pairs of contradicting readings (M, 2), ns; either may be wrong.

        Args:
            times: (N,) stamps in any order, perhaps equal ones.
            values: (N, size) readings.
            trust: how far a place may jump.
        """
        if len(times) < 2:
            return np.zeros((0, 2), dtype=np.int64)
        order = np.argsort(np.asarray(times, dtype=np.int64), kind="stable")
        stamps, places = np.asarray(times, dtype=np.int64)[order], self.of(np.asarray(values)[order])
        jump = trust.joint_jump if self.radius is None else trust.pose_jump
        elapsed_s = np.diff(stamps)[:, None] / 1e9
        leaped = (excess(places[:-1], places[1:], elapsed_s, self.fastest, jump) > 0.0).any(axis=1)
        return np.stack([stamps[:-1][leaped], stamps[1:][leaped]], axis=1)


def place_of(spec: RobotSpec) -> Place | None:
    """Return how the place of a body is measured; None if nothing measures it."""
    if spec.arms:
        count, velocity = len(spec.joint_names), spec.arm.limits.velocity
        fastest = np.full(count, np.inf) if velocity is None else velocity
        return Place(spec.joint_sensor, tuple(range(count)), fastest, None)
    if spec.base is not None and spec.base.sensor:
        return Place(spec.base.sensor, spec.base.columns, _fastest_base(spec), spec.base.radius)
    return None


def _fastest_base(spec: RobotSpec) -> FloatArray:
    """Return how fast x, y (m/s) and yaw (rad/s) of a base can change (3,)."""
    lower, upper = spec.limits.lower, spec.limits.upper
    if lower is None or upper is None:
        return np.full(3, np.inf)
    largest = np.maximum(np.abs(lower), np.abs(upper))
    units = np.array([channel.unit for channel in spec.actions.channels])
    along = math.hypot(*largest[units == "m/s"])
    turn = float(largest[units == "rad/s"].sum())
    return np.array([along, along, turn])


def path_length(spec: RobotSpec, vectors: Mapping[str, Track]) -> Track | None:
    """Return the distance travelled by joints (rad) or base (m) up to each sample (N, 1); else None.

    A turning base moves as far as the rim of its footprint does.
    """
    place = place_of(spec)
    if place is None:
        return None
    track = vectors[place.sensor]
    places = place.of(track.values)
    if place.radius is not None:
        places[:, 2] *= place.radius
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    return Track(track.times, np.concatenate([[0.0], np.cumsum(steps)])[: len(track.times), None])


def within(leaps: Times, begins: Times, ends: Times, settle_ns: int) -> NDArray[np.bool_]:
    """Return which stretches (N,) lie within `settle_ns` of a pair of contradicting readings (M, 2)."""
    if not len(leaps):
        return np.zeros(len(begins), dtype=bool)
    first = np.searchsorted(leaps[:, 1] + settle_ns, begins)
    known = first < len(leaps)
    found: NDArray[np.bool_] = known.copy()
    found[known] = leaps[first[known], 0] - settle_ns <= ends[known]
    return found
