# SPDX-License-Identifier: Apache-2.0
"""What training minimises: multi-step latent prediction, anti-collapse, inverse dynamics."""

from __future__ import annotations

import torch
from torch import Tensor


def prediction_loss(predicted: Tensor, actual: Tensor) -> Tensor:
    """Mean squared error over all steps.

    Gradients flow to both sides; what prevents collapse are the variance and covariance losses.

    Args:
        predicted: (B, T, D).
        actual: (B, T, D).
    """
    return torch.mean((predicted - actual) ** 2)


def variance_loss(latents: Tensor) -> Tensor:
    """Hinge on each dimension's standard deviation below 1.

    Source: Bardes, Ponce and LeCun, "VICReg" (2022), eq. 1.

    Args:
        latents: (N, D).
    """
    std = torch.sqrt(latents.var(dim=0) + 1e-4)
    return torch.relu(1.0 - std).mean()


def covariance_loss(latents: Tensor) -> Tensor:
    """Mean squared off-diagonal covariance.

    Source: Bardes, Ponce and LeCun, "VICReg" (2022), eq. 3.

    Args:
        latents: (N, D).
    """
    centred = latents - latents.mean(dim=0)
    covariance = centred.T @ centred / (latents.shape[0] - 1)
    off = covariance - torch.diag(torch.diagonal(covariance))
    return (off**2).sum() / latents.shape[1]
