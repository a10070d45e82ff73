# SPDX-License-Identifier: Apache-2.0
"""Training losses: multi-step latent prediction, anti-collapse, inverse dynamics."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def prediction_loss(predicted: Tensor, actual: Tensor) -> Tensor:
    """Mean squared error over all steps.

    Gradients flow to both sides; the variance and covariance losses prevent collapse.

    Args:
        predicted: (B, T, D).
        actual: (B, T, D).
    """
    return torch.mean((predicted - actual) ** 2)


def rollout_losses(
    predict: Callable[[Tensor, Tensor], Tensor], states: Tensor, actions: Tensor, size: int
) -> dict[str, Tensor]:
    """Return the loss of `prediction`, and of `vectors` if the state has some besides its core.

    Args:
        predict: predicts one step, from states (B, Z) and actions (B, K A).
        states: (B, T + 1, Z).
        actions: (B, T, K A) in [-1, 1].
        size: size of the core (F).
    """
    state, predicted = states[:, 0], []
    for step in range(actions.shape[1]):
        state = predict(state, actions[:, step])
        predicted.append(state)
    ahead, after = torch.stack(predicted, 1), states[:, 1:]
    losses = {"prediction": prediction_loss(ahead[..., :size], after[..., :size])}
    if size < states.shape[2]:
        losses["vectors"] = prediction_loss(ahead[..., size:], after[..., size:])
    return losses


def within_looks(latents: Tensor, looks: Tensor) -> Tensor:
    """Return latents (N, D) as differences from the mean of those with the same look.

    The constants of a look (colours, light, camera pose) are the easiest to predict and the least useful.
    Spread over a whole batch would reward them. Spread within looks rewards only what moves, or has another
    place in the next episode.

    Args:
        latents: (N, D).
        looks: (N,) integer; images of the same look have the same number.
    """
    _, group = torch.unique(looks, return_inverse=True)
    count = int(group.max()) + 1
    sums = torch.zeros(count, latents.shape[1]).index_add(0, group, latents)
    sizes = torch.zeros(count).index_add(0, group, torch.ones(len(group)))
    return latents - (sums / sizes.unsqueeze(1))[group]


def alike_loss(varied: Tensor, plain: Tensor) -> Tensor:
    """Mean squared difference between how scenes differ in a varied look and in the plain one.

    Under unusual colours, an object moved the latent only half as far as it should, so that prediction errors
    drowned it. The offset that a look adds to all its scenes may stay: a goal image has the same look.

    Args:
        varied: (L, N, D) latents of N scenes in each of L looks.
        plain: (L, N, D) latents of the same scenes in the plain look.
    """
    difference = varied - plain
    return torch.mean((difference - difference.mean(dim=1, keepdim=True)) ** 2)


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
