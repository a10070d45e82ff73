# SPDX-License-Identifier: Apache-2.0
"""Many predicted steps for many candidates."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.jepa import Jepa


def rollout(model: Jepa, latent: Tensor, joints: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
    """Predict where candidates lead.

    Args:
        model: the world model.
        latent: (1, D) now.
        joints: (1, 2 J) now, normalised.
        actions: (S, T, K A) in [-1, 1].

    Returns:
        Latents (S, T, D) and joints (S, T, 2 J).
    """
    count = actions.shape[0]
    z, q = latent.expand(count, -1), joints.expand(count, -1)
    latents, positions = [], []
    for step in range(actions.shape[1]):
        z, q = model.predict(z, q, actions[:, step])
        latents.append(z)
        positions.append(q)
    return torch.stack(latents, 1), torch.stack(positions, 1)
