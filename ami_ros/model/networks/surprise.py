# SPDX-License-Identifier: Apache-2.0
"""How much the world differed from what was predicted, in units of what is usual."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Predicted without looking in between: what did not move as it should shows twice as much after two blocks.
SURPRISE_BLOCKS = 2
DOUBT_WEIGHT = 2.0  # of the disagreement, next to what is missed by the usual
# Order of the components. The first one needs motion; the others are judged by one look.
MOTION = "motion"
SURPRISE_NAMES = (MOTION, "pose", "novelty", "appearance")


class Surprise(nn.Module):
    """Three lengths, each in the metric that whitens it on known data, and a look; each 1 where it is rare.

    Motion: what the prediction missed, next to how unsure it was. Pose: joints read off the image against the
    measured joints, which finds a camera that was shifted or frozen. Novelty: an image unlike all of those
    that the model was trained on. Appearance: an image that looks like none of the training range, to a
    network that was shown what lies beyond it, see `Appearance`.

    Source: Mahalanobis, "On the generalised distance in statistics" (1936), for each of the lengths.

    Args:
        core_size: F.
        postures: joint positions that an image shows (P).
    """

    def __init__(self, core_size: int, postures: int) -> None:
        super().__init__()
        self.doubt_weight = DOUBT_WEIGHT
        self.motion_whitening: Tensor
        self.register_buffer("motion_whitening", torch.eye(core_size))
        self.readout: Tensor
        self.register_buffer("readout", torch.zeros(core_size, postures))
        self.readout_offset: Tensor
        self.register_buffer("readout_offset", torch.zeros(postures))
        self.pose_whitening: Tensor
        self.register_buffer("pose_whitening", torch.eye(postures))
        self.core_mean: Tensor
        self.register_buffer("core_mean", torch.zeros(core_size))
        self.novelty_whitening: Tensor
        self.register_buffer("novelty_whitening", torch.eye(core_size))
        self.scale: Tensor
        self.register_buffer("scale", torch.ones(len(SURPRISE_NAMES)))

    def forward(
        self, predicted: Tensor, doubt: Tensor, core: Tensor, posture: Tensor, oddness: Tensor
    ) -> Tensor:
        """Return the components (B, 4) in the order of SURPRISE_NAMES.

        Args:
            predicted: (B, F) for now.
            doubt: (B,) disagreement about that, 1 is usual.
            core: (B, F) now.
            posture: (B, P) joint positions now, normalised.
            oddness: (B,) of the image now, see `Appearance.forward`.
        """
        pose = core @ self.readout + self.readout_offset - posture
        missed = torch.linalg.vector_norm((core - predicted) @ self.motion_whitening, dim=1)
        lengths = [
            missed / (1.0 + self.doubt_weight * doubt),
            torch.linalg.vector_norm(pose @ self.pose_whitening, dim=1),
            torch.linalg.vector_norm((core - self.core_mean) @ self.novelty_whitening, dim=1),
            oddness,
        ]
        return torch.stack(lengths, dim=1) / self.scale
