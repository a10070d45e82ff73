# SPDX-License-Identifier: Apache-2.0
"""Linear probes: measure whether a quantity can be read off the latent."""

from __future__ import annotations

import torch
from torch import Tensor

STILL = 1e-9  # a smaller sum of squares is no change


def ridge_regression(features: Tensor, values: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """Return weights (D, M) and offset (M,) that recover values (N, M) from features (N, D).

    `ridge` is the regularisation, as a share of the mean feature variance.
    """
    x, y = features.double(), values.double()
    mean_x, mean_y = x.mean(0), y.mean(0)
    x, y = x - mean_x, y - mean_y
    gram = x.T @ x
    gram += ridge * torch.diagonal(gram).mean().clamp_min(1e-9) * torch.eye(gram.shape[0], dtype=gram.dtype)
    weights = torch.linalg.solve(gram, x.T @ y)
    return weights.float(), (mean_y - mean_x @ weights).float()


def probe_each(
    latents: Tensor, values: Tensor, test_latents: Tensor, test_values: Tensor, ridge: float = 1e-3
) -> list[float]:
    """Return R2 of each of the M components, see `probe`; 0 for one that does not change."""
    missed, spread = (part.sum(0) for part in _squares(latents, values, test_latents, test_values, ridge))
    return torch.where(spread > STILL, 1.0 - missed / spread.clamp_min(STILL), 0.0).tolist()


def probe(
    latents: Tensor, values: Tensor, test_latents: Tensor, test_values: Tensor, ridge: float = 1e-3
) -> float:
    """Return R2 of a ridge regression, fitted on some episodes and scored on others.

    Args:
        latents: (E, S, D).
        values: (E, S, M) to recover.
        test_latents: (F, S, D) from other episodes.
        test_values: (F, S, M).
        ridge: regularisation, share of the mean feature variance.

    Returns:
        Coefficient of determination, averaged over the M components by their variance.
    """
    missed, spread = _squares(latents, values, test_latents, test_values, ridge)
    return float(1.0 - missed.sum() / spread.sum())


def _squares(
    latents: Tensor, values: Tensor, test_latents: Tensor, test_values: Tensor, ridge: float
) -> tuple[Tensor, Tensor]:
    """Return the squared errors (F S, M) of a ridge regression on other episodes, and those of the mean."""
    weights, offset = ridge_regression(latents.flatten(0, 1), values.flatten(0, 1), ridge)
    true = test_values.flatten(0, 1)
    residual = true - (test_latents.flatten(0, 1) @ weights + offset)
    return residual**2, (true - true.mean(0)) ** 2
