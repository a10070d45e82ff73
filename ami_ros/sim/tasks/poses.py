# SPDX-License-Identifier: Apache-2.0
"""Poses of a mobile base: where they can be, and how far apart they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.base import Base
from ami_ros.body.polygon import room
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.exploration.steering import wrapped
from ami_ros.types import FloatArray

DRAWS = 1000  # poses to try until one is inside


@dataclass(frozen=True)
class PoseTolerance:
    """What counts as an error of 1.

    Attributes:
        distance: m.
        angle: rad.
    """

    distance: float
    angle: float

    def error(self, pose: FloatArray, goal: FloatArray) -> float:
        """Return the distance or turn between two poses (3,), whichever is more, in tolerances."""
        far = float(np.hypot(*(goal[:2] - pose[:2]))) / self.distance
        return max(far, abs(wrapped(float(goal[2] - pose[2]))) / self.angle)


def base_in_area(kind: str, spec: RobotSpec) -> tuple[Base, FloatArray]:
    """Return the base of a mobile robot, and its area (N, 2).

    Raises:
        ConfigError: the robot is no such base; names the `kind` of task.
    """
    if spec.base is None or spec.base.keep_in is None or set(spec.actions.names) != {"vx", "wz"}:
        raise ConfigError(
            f"{kind}: {spec.name} has action channels {list(spec.actions.names)} and "
            f"{'no base' if spec.base is None else 'a base'}, expected [vx, wz] and a base with keep_in"
        )
    return spec.base, spec.base.keep_in


def pose_inside(
    generator: np.random.Generator,
    area: FloatArray,
    clear: float,
    may: Callable[[FloatArray], bool] = lambda place: True,
) -> FloatArray | None:
    """Return a random pose (3,), with any heading; None when DRAWS draws found none.

    Args:
        generator: random numbers.
        area: polygon (N, 2), m.
        clear: least distance from its border, m.
        may: further condition on a place (2,).
    """
    lower, upper = area.min(axis=0), area.max(axis=0)
    for _ in range(DRAWS):
        place = generator.uniform(lower, upper)
        if may(place) and room(place[None], area)[0] >= clear:
            return np.array([*place, generator.uniform(-np.pi, np.pi)])
    return None
