# SPDX-License-Identifier: Apache-2.0
"""Positions of things in an image: one point per feature map."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
