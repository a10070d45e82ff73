# SPDX-License-Identifier: Apache-2.0
"""Latent to picture, for people to look at; the planner never uses it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.scripted import offered

SIDE = 64  # px of a picture
SQUARES = 8  # per side: where a picture is compared with what the model knows
COARSEST = 4  # px of the first map
WIDTHS = (96, 48, 32, 24)  # channels of the maps from there to 32 px


class Decoder(nn.Module):
    """Draws the latent of one camera, and estimates at each pixel how wrong the drawing is.

    The estimate depends on how many action blocks ahead the latent was predicted: so a picture can fade where
    predictions have been wrong.

    Args:
        latent_size: size of the latent (D).
        horizon: action blocks ahead for which it is fitted (T).
    """

    def __init__(self, latent_size: int, horizon: int) -> None:
        super().__init__()
        first, second, third, fourth = WIDTHS
        self.coarsest, self.horizon = COARSEST, horizon
        self.spread = nn.Linear(latent_size + 1, first * COARSEST * COARSEST)
        self.draw = nn.Sequential(
            nn.SiLU(),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(first, second, 3, padding=1),
            nn.SiLU(),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(second, third, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(third, 4 * fourth, 3, padding=1),
            nn.PixelShuffle(2),
            nn.SiLU(),
            nn.Conv2d(fourth, 16, 3, padding=1),
            nn.PixelShuffle(2),
        )
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(latent_size))
        self.std: Tensor
        self.register_buffer("std", torch.ones(latent_size))
        # Largest usual mismatch of each square between a picture and its own drawing, on held-out data.
        self.usual: Tensor
        self.register_buffer("usual", torch.ones(SQUARES, SQUARES))

    def forward(self, latents: Tensor, ahead: Tensor) -> Tensor:
        """Return drawings (B, 4, S, S): red, green and blue, about 0 to 1, and their expected absolute error.

        Args:
            latents: (B, D).
            ahead: (B,) number of action blocks for which each was predicted; 0: encoded from a picture.
        """
        given = torch.cat([(latents - self.mean) / self.std, ahead.unsqueeze(1) / self.horizon], dim=1)
        maps = self.draw(self.spread(given).view(latents.shape[0], -1, self.coarsest, self.coarsest))
        error = nn.functional.softplus(maps[:, 3:]) + 0.01  # of the range of a colour
        return torch.cat([maps[:, :3] + 0.5, error], dim=1)

    @offered
    def mismatch(self, images: Tensor, latents: Tensor) -> Tensor:
        """Return how far pictures differ from their drawings (B, 8, 8), in units of the expected error.

        Args:
            images: (B, 3, S, S) in [0, 1].
            latents: (B, D) of these images.
        """
        drawn = self.forward(latents, torch.zeros_like(latents[:, 0]))
        wrong = (images - drawn[:, :3]).abs().mean(dim=1, keepdim=True) / drawn[:, 3:]
        squares: Tensor = nn.functional.avg_pool2d(wrong, wrong.shape[2] // 8)
        return squares[:, 0]

    @offered
    def imagine(self, image: Tensor, now: Tensor, predicted: Tensor) -> Tensor:
        """Return pictures (T, S, S, 5) of what comes: colours, how sure, and whether it is known, all 0 to 1.

        Args:
            image: (1, 3, S, S) in [0, 1], the present picture.
            now: (1, D) its latent.
            predicted: (T, D) latents after one action block, two, and so on.
        """
        steps = torch.arange(1, predicted.shape[0] + 1, device=predicted.device).to(predicted.dtype)
        drawn = self.forward(predicted, steps)
        best = self.forward(predicted, torch.zeros_like(steps))[:, 3:]
        # As sure as if it were seen: 1. Twice as wrong as that: 0.
        sure = (2.0 - drawn[:, 3:] / best).clamp(0.0, 1.0)
        known = (self.mismatch(image, now) <= self.usual).to(predicted.dtype)
        side = float(drawn.shape[2] // known.shape[1])
        known = nn.functional.interpolate(known.unsqueeze(1), scale_factor=side)
        layers = torch.cat([drawn[:, :3].clamp(0.0, 1.0), sure, known.expand_as(sure)], dim=1)
        return layers.permute(0, 2, 3, 1)
