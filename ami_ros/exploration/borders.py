# SPDX-License-Identifier: Apache-2.0
"""Whether a measured value is near a border of its band: set points go back before the gate leads them."""

from __future__ import annotations

import math

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import Band
from ami_ros.types import Observation

SMOOTHED = 0.25  # share of `turn_s` over which the rate of a noisy value is averaged, as the gate does
AHEAD = 2.0  # times `turn_s` that a value may go on: the gate itself acts later
ROOM = 0.5  # share of the room at the beginning: who operates near a border may do so


class Borders:
    """Watches the values that have a band.

    Args:
        spec: the robot.
        margin: share of the width of a band within which a value is near its border.
    """

    def __init__(self, spec: RobotSpec, margin: float) -> None:
        self._watches = [
            _Watch(vector.name, vector.names.index(band.value), band, margin)
            for vector in spec.vectors
            for band in vector.envelope
        ]

    @property
    def turn_s(self) -> float:
        """The longest time that the plant needs to turn a value around, s; 0 without bands."""
        return max((watch.turn_s for watch in self._watches), default=0.0)

    @property
    def sensors(self) -> tuple[str, ...]:
        """Names of the sensors that measure the values."""
        return tuple(dict.fromkeys(watch.sensor for watch in self._watches))

    def forget(self) -> None:
        """Forget the readings, as after a reset."""
        for watch in self._watches:
            watch.forget()

    def are_near(self, observation: Observation) -> bool:
        """Return whether a value is near a border, or goes there; a missing or invalid one is near."""
        return any([watch.is_near(observation) for watch in self._watches])


class _Watch:
    """One value."""

    def __init__(self, sensor: str, column: int, band: Band, margin: float) -> None:
        self.sensor, self.turn_s, self._column, self._band = sensor, band.turn_s, column, band
        self._margin = margin * (band.high - band.low)
        self.forget()

    def forget(self) -> None:
        self._smooth, self._stamp_ns = math.nan, 0
        self._first = math.nan  # room at the beginning

    def is_near(self, observation: Observation) -> bool:
        reading = observation.readings.get(self.sensor)
        if reading is None:
            return True
        value, stamp_ns, band = float(reading.value[self._column]), reading.stamp_ns, self._band
        elapsed_s, span_s = (stamp_ns - self._stamp_ns) / 1e9, SMOOTHED * band.turn_s
        if not math.isfinite(self._smooth) or elapsed_s < 0.0:
            self._smooth, rate = value, 0.0
        else:
            rate = (value - self._smooth) / span_s
            self._smooth += -math.expm1(-elapsed_s / span_s) * (value - self._smooth)
        self._stamp_ns = stamp_ns
        room = min(value - band.low, band.high - value)
        if math.isnan(self._first):
            self._first = room
        ahead = room if rate == 0.0 else (band.high - value if rate > 0.0 else value - band.low)
        goes_there = ahead < AHEAD * band.turn_s * abs(rate) and ahead < 2.0 * self._allowed
        return not np.isfinite(value) or room < self._allowed or goes_there

    @property
    def _allowed(self) -> float:
        """Least distance to a border."""
        return min(self._margin, ROOM * max(0.0, self._first))
