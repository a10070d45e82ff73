# SPDX-License-Identifier: Apache-2.0
"""Measured values by name, in the states that a model predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import ConfigError, shown
from ami_ros.model.contract import Contract


@dataclass(frozen=True)
class Column:
    """One measured value in a state (Z,): it is ``offset + scale * state[index]``, in the sensor's unit."""

    index: int
    offset: float
    scale: float

    def of(self, value: float) -> float:
        """Return what the state has for a value in the sensor's unit."""
        return (value - self.offset) / self.scale


class StateColumns:
    """What a cost term may ask when it is bound: where measured values stand, and their bands.

    Args:
        world: a world model, see `WorldModel`.
        contract: contract of the model.
        spec: the robot.
    """

    def __init__(self, world: Any, contract: Contract, spec: RobotSpec) -> None:
        self._spec, self._columns = spec, dict[str, Column]()
        first = len(contract.cameras) * contract.latent_size
        for index, sensor in enumerate(contract.vectors):
            count = len(sensor.values)
            with torch.no_grad():
                zero, one = (world.normalised(index, torch.full((count,), value)) for value in (0.0, 1.0))
            for at, name in enumerate(sensor.values):
                scale = 1.0 / float(one[at] - zero[at])
                self._columns[f"{sensor.name}.{name}"] = Column(first + at, -float(zero[at]) * scale, scale)
            first += len(sensor.units)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels (A,) of an action."""
        return self._spec.actions.names

    def half_range(self, channel: str) -> float:
        """Return half of the range of a channel: an action of 1 is that far from its centre."""
        return float(self._spec.actions.half_range[self.channels.index(channel)])

    def column(self, name: str) -> Column:
        """Return the column of a value, by ``sensor.value``.

        Raises:
            ConfigError: the model knows none of that name.
        """
        if name not in self._columns:
            known = [*self._columns, *self.channels]
            raise ConfigError(f"got {shown(name)}, expected sensor.value or a channel: {known}")
        return self._columns[name]

    def values(self, state: Tensor) -> dict[str, float]:
        """Return every measured value of a state (Z,), by ``sensor.value``, in its unit."""
        return {
            name: column.offset + column.scale * float(state[column.index])
            for name, column in self._columns.items()
        }

    @property
    def bands(self) -> list[tuple[Column, float, float]]:
        """Column, lowest and highest value of each value that has a band and that the model knows."""
        return [
            (self._columns[name], band.low, band.high)
            for sensor in self._spec.sensors.values()
            if isinstance(sensor, VectorSensor)
            for band in sensor.envelope
            if (name := f"{sensor.name}.{band.value}") in self._columns
        ]
