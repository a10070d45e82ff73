# SPDX-License-Identifier: Apache-2.0
"""Linear probes: can a quantity be read off the latent?"""

from __future__ import annotations

import torch
from torch import Tensor


def probe(latents: Tensor, values: Tensor, ridge: float = 1e-3) -> float:
    """Return R2 of a ridge regression, fitted on the first half of the episodes, scored on the second.

    Args:
        latents: (E, S, D).
        values: (E, S, M) to be recovered.
        ridge: regularisation, share of the mean feature variance.

    Returns:
        Coefficient of determination, averaged over the M components by their variance.
    """
    half = len(latents) // 2
    fit_x, test_x = (part.flatten(0, 1).double() for part in (latents[:half], latents[half:]))
    fit_y, test_y = (part.flatten(0, 1).double() for part in (values[:half], values[half:]))
    mean_x, mean_y = fit_x.mean(0), fit_y.mean(0)
    x, y = fit_x - mean_x, fit_y - mean_y
    gram = x.T @ x
    gram += ridge * torch.diagonal(gram).mean() * torch.eye(gram.shape[0], dtype=gram.dtype)
    weights = torch.linalg.solve(gram, x.T @ y)
    residual = test_y - ((test_x - mean_x) @ weights + mean_y)
    return float(1.0 - (residual**2).sum() / ((test_y - test_y.mean(0)) ** 2).sum())
