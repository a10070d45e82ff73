# SPDX-License-Identifier: Apache-2.0
"""What a broken vector sensor delivers instead of each reading. Pure: time comes with the stamps."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from ami_ros.sim.faults.stuck_stream import Delayed, Frozen, with_new_stamp
from ami_ros.types import FloatArray

Measured = tuple[FloatArray, int]  # values (n,) and stamp in ns
VectorFault = Callable[[Measured], list[Measured]]

OFF_NS = 2_000_000_000  # least distance of a wrong stamp
FULL_SCALE = 1e6  # what a broken wire reads
DRIFT_PER_S = 0.5  # share of the value, and of one unit


def _nan(generator: np.random.Generator, off_ns: int) -> VectorFault:
    del off_ns
    share = generator.uniform()

    def spoil(measured: Measured) -> list[Measured]:
        values = measured[0].copy()
        values[int(share * len(values))] = np.nan
        return [(values, measured[1])]

    return spoil


def _jumping(generator: np.random.Generator, off_ns: int) -> VectorFault:
    del generator
    back = itertools.cycle((off_ns, 0))
    return lambda measured: [(measured[0], measured[1] - next(back))]


def _drifting(generator: np.random.Generator, off_ns: int) -> VectorFault:
    del generator, off_ns
    since_ns: list[int] = []

    def spoil(measured: Measured) -> list[Measured]:
        values, stamp_ns = measured
        since_ns[:] = since_ns or [stamp_ns]
        away = DRIFT_PER_S * (stamp_ns - since_ns[0]) / 1e9
        return [(values + away * (np.abs(values) + 1.0), stamp_ns)]

    return spoil


def _silent(generator: np.random.Generator, off_ns: int) -> VectorFault:
    del generator, off_ns
    return lambda measured: []


def _repeated(generator: np.random.Generator, off_ns: int) -> VectorFault:
    del generator, off_ns
    return Frozen[Measured](with_new_stamp)


# Called with a generator, and the offset of an impossible stamp.
VECTOR_FAULTS: dict[str, Callable[[np.random.Generator, int], VectorFault]] = {
    "vector_silent": _silent,
    "gripper_silent": _silent,
    "vector_frozen": lambda _, __: Frozen[Measured](),
    "vector_repeated": _repeated,
    "fingers_lie": _repeated,
    "vector_delayed": lambda _, off_ns: Delayed[Measured](lambda measured: measured[1], off_ns),
    "vector_nan": _nan,
    "vector_short": lambda _, __: lambda measured: [(measured[0][:-1], measured[1])],
    "vector_outside": lambda _, __: lambda measured: [(np.full_like(measured[0], FULL_SCALE), measured[1])],
    "vector_drifting": _drifting,
    "vector_future": lambda _, off_ns: lambda measured: [(measured[0], measured[1] + off_ns)],
    "vector_jumping": _jumping,
}
