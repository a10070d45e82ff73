# SPDX-License-Identifier: Apache-2.0
"""Impossible events: objects that jump, vanish or pass through each other, for `events`."""

from __future__ import annotations

import numpy as np

from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

AWAY = np.array([0.0, 0.0, -60.0, 0.0])  # beyond the camera's far plane: x, y, z in m and yaw in rad
# Shapes and colours used in no task: shape, m across, colour.
STRANGERS = (
    ("sphere", 0.09, (0.10, 0.75, 0.20, 1.0)),
    ("cylinder", 0.08, (0.95, 0.85, 0.10, 1.0)),
    ("sphere", 0.14, (0.70, 0.15, 0.80, 1.0)),
    ("cylinder", 0.12, (0.10, 0.80, 0.85, 1.0)),
    ("sphere", 0.08, (1.00, 1.00, 1.00, 1.0)),
    ("cylinder", 0.10, (0.15, 0.90, 0.10, 1.0)),
)


class Tricks:
    """Breaks the rules of a stage's world; `undo` restores them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        for index, stranger in enumerate(STRANGERS):
            stage.add_ghost(_name(index), *stranger)
        self.undo()

    def undo(self) -> None:
        """Remove strangers, restore contacts and show the body. Objects stay where they are."""
        for index in range(len(STRANGERS)):
            self._stage.place(_name(index), AWAY)
        self._stage.let_touch(True)
        self._stage.show_body(True)

    def jump(self, name: str, pose: FloatArray) -> None:
        """Put an object at rest at `pose` (4,): x, y, z in m and yaw in rad."""
        self._stage.place(name, pose)

    def vanish(self, name: str) -> None:
        """Remove an object."""
        self._stage.place(name, AWAY)

    def vanish_body(self) -> None:
        """Remove the body: for pictures only, it keeps its posture."""
        self._stage.show_body(False)

    def pass_through(self) -> None:
        """Let body and objects pass through each other."""
        self._stage.let_touch(False)

    def show_stranger(self, index: int, place: FloatArray) -> None:
        """Put one of STRANGERS on the table at `place` (2,) in m; nothing can touch it."""
        self._stage.place(_name(index), np.array([*place, STRANGERS[index][1] / 2, 0.0]))


def _name(stranger: int) -> str:
    return f"stranger_{stranger}"
