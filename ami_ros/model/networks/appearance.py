# SPDX-License-Identifier: Apache-2.0
"""Detects images unlike those that the model was trained on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.settings import ModelSettings

# Grey levels of 255: a histogram of the fine detail in bins of doubling width, from the widest down. The bins
# are soft, which needs no sorting, and each is the square of the previous one, which needs one exponential.
WIDEST, BINS = 24.0, 6
SCALES = 2  # detail of one pixel, and of two
# Source: ITU-R BT.601-7 (2011), section 2.5: luma and colour differences.
OPPONENT = ((0.299, 0.587, 0.114), (-0.169, -0.331, 0.5), (0.5, -0.419, -0.081))


class Appearance(nn.Module):
    """Separates images within the training range from images beyond it.

    It has its own view of colours and shapes (two convolutions) and of the finest detail (noise, blur,
    compression). It also compares the encoder's view of the arm with the measured joints, which reveals a
    moved camera. The encoder alone does not suffice: it learns to ignore all of this.

    Args:
        settings: sizes.
        joints: number of joint positions that an image shows (P).
    """

    def __init__(self, settings: ModelSettings, joints: int) -> None:
        super().__init__()
        first, second = settings.appearance_channels
        self.look = nn.Sequential(
            nn.Conv2d(3, first, 8, stride=4, padding=2),
            nn.SiLU(),
            nn.Conv2d(first, second, 4, stride=2, padding=1),
            nn.SiLU(),
        )
        self.opponent: Tensor
        self.register_buffer("opponent", torch.tensor(OPPONENT))
        given, hidden = 3 * SCALES * BINS + settings.latent_size + joints, settings.appearance_hidden
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(given))
        self.std: Tensor
        self.register_buffer("std", torch.ones(given))
        self.scales, self.bins, self.sharpness = SCALES, BINS, 255.0 / WIDEST
        self.judge = nn.Sequential(
            nn.Linear(2 * second + given, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 1),
        )
        self.requires_grad_(False)  # fitted after the world model, see training/fitting/appearance.py

    def shapes(self, images: Tensor) -> Tensor:
        """Return features of colours and shapes (B, 2 C) in images (B, 3, S, S)."""
        seen = torch.flatten(self.look(images - 0.5), 2)
        # The mean captures light and colours, the maximum something small that should not be there.
        return torch.cat([seen.mean(dim=2), seen.amax(dim=2)], dim=1)

    def given(self, images: Tensor, latent: Tensor, joints: Tensor) -> Tensor:
        """Return the inputs that need no learned features (B, F): detail, latent, joints; see `forward`."""
        parts = [latent, joints]
        coloured = (self.opponent @ torch.flatten(images, 2)).view(images.shape)
        for _ in range(self.scales):
            # Sums of shifted images: torch's pooling takes five times as long on three channels.
            rows = coloured[:, :, :-2] + coloured[:, :, 1:-1] + coloured[:, :, 2:]
            smooth = (rows[:, :, :, :-2] + rows[:, :, :, 1:-1] + rows[:, :, :, 2:]) / 9.0
            near = torch.exp((coloured[:, :, 1:-1, 1:-1] - smooth).abs() * -self.sharpness)
            for _ in range(self.bins):
                parts.append(near.mean(dim=(2, 3)))
                near = near * near
            pairs = coloured[:, :, ::2] + coloured[:, :, 1::2]
            coloured = (pairs[:, :, :, ::2] + pairs[:, :, :, 1::2]) / 4.0
        return torch.cat(parts, dim=1)

    def logit(self, shapes: Tensor, given: Tensor) -> Tensor:
        """Return the log odds (B,) that images lie beyond the training range."""
        return self.judge(torch.cat([shapes, (given - self.mean) / self.std], dim=1))[:, 0]

    def forward(self, images: Tensor, latent: Tensor, joints: Tensor) -> Tensor:
        """Return the oddness of images (B,), never negative.

        Args:
            images: (B, 3, S, S) in [0, 1].
            latent: (B, D) of these images.
            joints: (B, P) normalised positions.
        """
        return nn.functional.softplus(self.logit(self.shapes(images), self.given(images, latent, joints)))
