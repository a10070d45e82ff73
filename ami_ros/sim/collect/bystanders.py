# SPDX-License-Identifier: Apache-2.0
"""Objects outside every task, so that a model learns of unknown objects: boxes and rods of any colour.

The test uses other objects: balls and cylinders, in `tricks`.
"""

from __future__ import annotations

import numpy as np

from ami_ros.sim.world.tricks import AWAY
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

SHAPES = ("box", "capsule")
SIZES = (0.06, 0.08, 0.10, 0.13)  # m across, on a table
TURN = 3.2  # rad: half a turn shows every side of a box
CLEAR = 0.08  # m, on a table, from what must stay in sight


class Bystanders:
    """Objects that are only visible; nothing can touch them.

    Args:
        stage: furnished.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage, self._clear = stage, CLEAR * stage.scale
        kinds = [(shape, size * stage.scale) for shape in SHAPES for size in SIZES]
        self._sizes = {f"bystander_{index}": size for index, (_, size) in enumerate(kinds)}
        for name, kind in zip(self._sizes, kinds, strict=True):
            stage.add_ghost(name, *kind, (0.5, 0.5, 0.5, 1.0))
        self.hide()

    def hide(self) -> None:
        """Remove all of them."""
        for name in self._sizes:
            self._stage.place(name, AWAY)

    def show(self, generator: np.random.Generator, table: FloatArray, objects: FloatArray) -> None:
        """Put one of them, in any colour, on the table or on the ground.

        Args:
            generator: chooses which, where and in which colour.
            table: (2, 2) lower and upper corner of where it may stand, m.
            objects: (M, 2) positions of objects that must stay in sight, m.
        """
        while True:
            place: FloatArray = generator.uniform(table[0], table[1])
            if (np.linalg.norm(objects - place, axis=1) > self._clear).all():
                break
        name = list(self._sizes)[int(generator.integers(len(self._sizes)))]
        self._stage.paint(name, [*generator.uniform(0.0, 1.0, size=3), 1.0])
        yaw = float(generator.uniform(0.0, TURN))
        self._stage.place(name, np.array([*place, self._sizes[name] / 2, yaw]))
