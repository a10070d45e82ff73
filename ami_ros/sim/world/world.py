# SPDX-License-Identifier: Apache-2.0
"""The interface of every simulated world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ami_ros.sim.camera.variation import Variation
from ami_ros.types import Command, FloatArray, ImageArray, Observation

NO_POSES = np.zeros((0, 4))


class World(Protocol):
    """A body and its surroundings, stepped by gate ticks; deterministic for a given sequence of calls.

    Attributes:
        time_ns: simulated time; it never runs backwards.
    """

    time_ns: int

    def reset(self, start: FloatArray, object_poses: FloatArray = NO_POSES) -> None:
        """Put everything at rest.

        Args:
            start: joints of an arm (J,), the pose of a base (3,) as x, y in m and yaw in rad, or the
                commanded channels of a process (C,).
            object_poses: (M, 4) x, y, z in m and yaw in rad of each object of the task.
        """

    def rearrange(self, object_poses: FloatArray) -> bool:
        """Move the objects, at rest, while the body continues; if one is in its way, all stay.

        Args:
            object_poses: (M, 4) as `reset` takes them.

        Returns:
            Whether there was room.
        """

    def vary(self, variation: Variation | None, seed: int = 0) -> None:
        """Change the look from now on (None: the usual one), with noise of this seed."""

    def advance(self, command: Command | None, duration_ns: int) -> None:
        """Execute `command` (None keeps the last one) and let `duration_ns` pass."""

    def image(self, width: int | None = None, height: int | None = None, camera: str = "") -> ImageArray:
        """Take a picture; sizes default to the camera's, and the camera to the body's first."""

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now, by name."""

    def observe(self) -> Observation:
        """Sense everything now, with every sensor of the body."""

    def truth(self) -> dict[str, FloatArray]:
        """Return what only the simulator knows, by name: for scoring only."""

    def snapshot(self) -> dict[str, FloatArray]:
        """Return all that is needed to show this moment again, by name."""

    def show(self, moment: Mapping[str, FloatArray]) -> None:
        """Put everything, at rest, in the state of `snapshot`."""

    def close(self) -> None:
        """Free the world. Safe to call twice."""
