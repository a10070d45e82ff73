# SPDX-License-Identifier: Apache-2.0
"""What a broken joint sensor delivers instead of each joint state. Pure: time comes with the stamps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ami_ros.sim.faults.stuck_stream import Delayed, Frozen
from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class JointReading:
    """A published joint state: names (N,), position (N,), velocity (N,) and its stamp."""

    names: tuple[str, ...]
    position: FloatArray
    velocity: FloatArray
    stamp_ns: int

    def pick(self, order: list[int]) -> JointReading:
        """Return the joints in `order` only."""
        names = tuple(self.names[index] for index in order)
        return JointReading(names, self.position[order], self.velocity[order], self.stamp_ns)


JointFault = Callable[[JointReading], list[JointReading]]


def _restamped(first: JointReading, now: JointReading) -> JointReading:
    return replace(first, stamp_ns=now.stamp_ns)


def _nan(generator: np.random.Generator, arm: int) -> JointFault:
    bad = int(generator.integers(arm))

    def spoil(reading: JointReading) -> list[JointReading]:
        position = reading.position.copy()
        position[bad] = np.nan
        return [replace(reading, position=position)]

    return spoil


def _reordered(generator: np.random.Generator, arm: int) -> JointFault:
    del arm
    return lambda reading: [reading.pick(generator.permutation(len(reading.names)).tolist())]


def _missing(generator: np.random.Generator, arm: int) -> JointFault:
    gone = int(generator.integers(arm))
    return lambda reading: [reading.pick([i for i in range(len(reading.names)) if i != gone])]


# Called with a generator and the number of the arm's own joints, which come first.
JOINT_FAULTS: dict[str, Callable[[np.random.Generator, int], JointFault]] = {
    "joints_frozen": lambda _, __: Frozen[JointReading](),
    "joints_repeated": lambda _, __: Frozen[JointReading](_restamped),
    "joints_delayed": lambda _, __: Delayed[JointReading](lambda reading: reading.stamp_ns),
    "joints_nan": _nan,
    "joints_reordered": _reordered,
    "joints_missing": _missing,
}
