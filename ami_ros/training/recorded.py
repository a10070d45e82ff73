# SPDX-License-Identifier: Apache-2.0
"""What was recorded, as a model is given it: images of each camera, and all vectors next to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ami_ros.body.actions import ActionSpec
from ami_ros.types import ImageArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Recorded:
    """E episodes of S control steps.

    Attributes:
        images: of each camera (E, S + 1, H, W, 3) uint8, in the model's order.
        vectors: (E, S + 1, V) of all vector sensors in the model's order, in their units.
        actions: (E, S, A) in the channels' units.
        truths: what a probe should find, by name, each (E, S + 1, M); nothing else reads it.
    """

    images: list[ImageArray]
    vectors: Floats
    actions: Floats
    truths: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of episodes."""
        return len(self.vectors)

    @property
    def steps(self) -> int:
        """Control steps per episode (S)."""
        return self.actions.shape[1]


def normalised_actions(actions: Tensor, spec: ActionSpec) -> Tensor:
    """Map actions (..., A), or blocks of them (..., K A), in the channels' units to [-1, 1]."""
    steps = actions.shape[-1] // spec.size
    centre, half = (torch.from_numpy(v).float().repeat(steps) for v in (spec.centre, spec.half_range))
    return (actions - centre) / half
