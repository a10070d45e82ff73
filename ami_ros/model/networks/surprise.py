# SPDX-License-Identifier: Apache-2.0
"""Deviation of the world from the prediction, in units of the usual deviation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Predicted without observations in between: a deviation in motion shows twice as much after two blocks.
SURPRISE_BLOCKS = 2
DOUBT_WEIGHT = 2.0  # weight of the disagreement, relative to the usual prediction error
# Order of the components. The first one needs motion; the others need a single observation.
STILLEST = 0.01  # of the least change that moving joints ever caused; less is no odder
MOTION = "motion"
SURPRISE_NAMES = (MOTION, "pose", "novelty", "appearance")


class Surprise(nn.Module):
    """Three lengths, each in the metric that whitens it on known data, and an oddness; 1 is rare for each.

    Motion: the prediction error, relative to its uncertainty; or, with `stillness`, a picture that changes
    less than any did while the joints moved, such as that of a frozen camera. Pose: joints read off the image
    against the measured joints, which reveals a shifted camera. Novelty: an image unlike all of the training
    images. Appearance: an image outside the training range, to a network trained on images beyond it, see
    `Appearance`.

    Source: Mahalanobis, "On the generalised distance in statistics" (1936), for each of the lengths.

    Args:
        core_size: size of the core (F).
        postures: number of joint positions that an image shows (P).
        stillness: whether pictures that stand still while the joints move count as surprising motion.
    """

    def __init__(self, core_size: int, postures: int, stillness: bool) -> None:
        super().__init__()
        self.stillness, self.stillest = stillness, STILLEST
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
        self.least_change: Tensor
        self.least_move: Tensor
        if stillness:
            # 0: pictures may repeat.
            self.register_buffer("least_change", torch.zeros(1))
            self.register_buffer("least_move", torch.zeros(1))
        self.scale: Tensor
        self.register_buffer("scale", torch.ones(len(SURPRISE_NAMES)))

    def forward(
        self,
        before: Tensor,
        moved: Tensor,
        predicted: Tensor,
        doubt: Tensor,
        core: Tensor,
        posture: Tensor,
        oddness: Tensor,
    ) -> Tensor:
        """Return the components (B, 4) in the order of SURPRISE_NAMES.

        Args:
            before: (B, F) core when the prediction was made.
            moved: (B, P) change of the joint positions since, normalised.
            predicted: (B, F) predicted current core.
            doubt: (B,) disagreement about it, 1 is usual.
            core: (B, F) current core.
            posture: (B, P) current joint positions, normalised.
            oddness: (B,) oddness of the current image, see `Appearance.forward`.
        """
        pose = core @ self.readout + self.readout_offset - posture
        missed = torch.linalg.vector_norm((core - predicted) @ self.motion_whitening, dim=1)
        lengths = [
            missed / (1.0 + self.doubt_weight * doubt),
            torch.linalg.vector_norm(pose @ self.pose_whitening, dim=1),
            torch.linalg.vector_norm((core - self.core_mean) @ self.novelty_whitening, dim=1),
            oddness,
        ]
        components = torch.stack(lengths, dim=1) / self.scale
        if self.stillness:
            change = torch.linalg.vector_norm(core - before, dim=1)
            still = self.least_change / torch.maximum(change, self.stillest * self.least_change + 1e-12)
            moves = torch.linalg.vector_norm(moved, dim=1) >= self.least_move
            motion = torch.maximum(components[:, 0], still * moves)
            components = torch.cat([motion.unsqueeze(1), components[:, 1:]], dim=1)
        return components
