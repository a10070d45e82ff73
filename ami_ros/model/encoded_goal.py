# SPDX-License-Identifier: Apache-2.0
"""A goal as the model sees it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ami_ros.model.world_model import BY_VECTORS


@dataclass(frozen=True, eq=False)
class EncodedGoal:
    """The goal that a state is compared with.

    Attributes:
        targets: latents (D,) of some cameras, or target readings of some vector sensors.
        parts: index of each of these sensors, ascending.
        by_vectors: whether the targets are of vector sensors.
        on_the_way: whether it is a place on the way to another goal.
    """

    targets: list[Tensor]
    parts: list[int]
    by_vectors: bool = False
    on_the_way: bool = False

    def kind(self, distance: str) -> str:
        """Return the kind of distance to it: `distance` for images."""
        return BY_VECTORS if self.by_vectors else distance
