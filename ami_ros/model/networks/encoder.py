# SPDX-License-Identifier: Apache-2.0
"""Image to latent: a small convolutional network with a big-stride stem."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.settings import ModelSettings


class Keypoints(nn.Module):
    """Spatial softmax: each feature map becomes the mean position of its activation.

    A small object moves its point as much as a large one, and smoothly across pixels. In flattened feature
    maps, the arm drowns it.

    Source: Finn et al., "Deep spatial autoencoders for visuomotor learning" (2016), section V-B.

    Args:
        channels: feature maps of the input.
        points: how many points (P).
        side: height and width of the feature maps.
    """

    def __init__(self, channels: int, points: int, side: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels, points, 3, padding=1)
        self.side = side
        self.sharpness = nn.Parameter(torch.full((1, points, 1), 2.0))
        self.line: Tensor
        self.register_buffer("line", torch.linspace(-1.0, 1.0, side))
        self.norm = nn.BatchNorm1d(2 * points)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, S, S) to normalised positions (B, 2 P), horizontal before vertical."""
        excitement = torch.flatten(self.maps(features), 2) * self.sharpness
        # In float32, and row by row: a position needs more digits than bfloat16 has.
        share = torch.softmax(excitement.float(), dim=2).unflatten(2, (self.side, self.side))
        across, down = (share.sum(dim=2) * self.line).sum(dim=2), (share.sum(dim=3) * self.line).sum(dim=2)
        places = torch.cat([across, down], dim=1)
        return self.norm(places)


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
