# SPDX-License-Identifier: Apache-2.0
"""The box that the tip stays in, and the boxes that neither tip nor links may enter."""

from __future__ import annotations

import numpy as np

from ami_ros.body.link_shapes import LinkShapes
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import FloatArray

ANYWHERE = np.array([[-np.inf] * 3, [np.inf] * 3])


class Zones:
    """Measures by how much a posture is outside the workspace or inside a forbidden box.

    Args:
        shapes: where tip and links are.
        workspace: (2, 3) where the planner keeps the tip, base frame, m; None is anywhere.
        restrictions: a smaller workspace, and forbidden boxes.
        margin: how much further than the workspace the gate lets the tip go, m.
    """

    def __init__(
        self,
        shapes: LinkShapes,
        workspace: FloatArray | None,
        restrictions: Restrictions,
        margin: float,
    ) -> None:
        workspace = workspace if restrictions.workspace is None else restrictions.workspace
        workspace = ANYWHERE if workspace is None else workspace
        self._lower, self._upper = workspace[0] - margin, workspace[1] + margin
        self._shapes = shapes
        self._boxes = np.zeros((0, 2, 3)) if restrictions.forbidden is None else restrictions.forbidden
        self._centres = self._boxes.mean(axis=1)
        self._half_sizes = 0.5 * (self._boxes[:, 1] - self._boxes[:, 0])

        tip_first = np.zeros(1, dtype=np.int64)
        spheres = np.tile(np.arange(len(shapes.radii)), len(self._boxes))
        self._reach = shapes.reach[np.concatenate([tip_first, spheres])]
        self._seen: FloatArray | None = None
        self._excess = np.zeros(0)

    def excess(self, positions: FloatArray) -> FloatArray:
        """Return how far beyond each zone postures (S, J) are, (S, 1 + M P) in m; 0 or less keeps the rules.

        First the tip and its workspace, then each of the P spheres of the robot in each of the M boxes. A
        sphere that is always in a box, as a shoulder at table height, must not hide another that enters.
        """
        if not len(self._boxes):
            tips = np.stack([self._shapes.tip(position) for position in positions])
            return self._outside(tips)
        points = self._shapes.centres(positions)
        beyond = np.abs(points[:, None] - self._centres[:, None]) - self._half_sizes[:, None]
        # The signed distance from a box: the usual one outside, minus the way to the nearest face inside.
        apart = np.maximum(beyond, 0.0)
        distance = np.sqrt((apart * apart).sum(axis=3)) + np.minimum(beyond.max(axis=3), 0.0)
        inside = (self._shapes.radii - distance).reshape(len(positions), -1)
        return np.concatenate([self._outside(points[:, 0]), inside], axis=1)

    def _outside(self, tips: FloatArray) -> FloatArray:
        beyond: FloatArray = np.maximum(self._lower - tips, tips - self._upper).max(axis=1, keepdims=True)
        return beyond

    def describe(self, column: int) -> tuple[ReasonCode, dict[str, float | int | str]]:
        """Return the reason's code, the box and the link of one column of `excess`."""
        if column == 0:
            return ReasonCode.WORKSPACE, {}
        box, sphere = divmod(column - 1, len(self._shapes.radii))
        return ReasonCode.FORBIDDEN_BOX, {"box": box, "link": self._shapes.links[sphere]}

    def look(self, position: FloatArray) -> FloatArray:
        """Return the excess (1 + M P,) of one posture (J,), and remember it for `far_from`."""
        self._seen, self._excess = position, self.excess(position[None])[0]
        return self._excess

    def far_from(self, low: FloatArray, high: FloatArray) -> bool:
        """Whether no posture between `low` and `high` (J,) can be worse in a zone than at the last `look`.

        Nothing on the robot moves further than the sum of each joint's turn times its reach.
        """
        if self._seen is None:
            return False
        turns = np.maximum(high - self._seen, self._seen - low)
        nearest = self._excess + self._reach @ turns
        return bool((nearest <= np.maximum(self._excess, 0.0)).all())
