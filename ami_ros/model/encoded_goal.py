# SPDX-License-Identifier: Apache-2.0
"""A goal as the model sees it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ami_ros.model.world_model import BY_VECTORS


@dataclass(frozen=True, eq=False)
class EncodedGoal:
    """What a state is held against.

    Attributes:
        targets: of some cameras the latents (D,), or of some vector sensors what they shall measure.
        parts: index of each of these sensors, rising.
        by_vectors: which of the two.
        on_the_way: it is a place on the way to another goal.
    """

    targets: list[Tensor]
    parts: list[int]
    by_vectors: bool = False
    on_the_way: bool = False

    def kind(self, distance: str) -> str:
        """Return how the way to it is measured: `distance` to images."""
        return BY_VECTORS if self.by_vectors else distance
