# SPDX-License-Identifier: Apache-2.0
"""What a model must show on held-out episodes before it ships."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ami_ros.data.dataset import EpisodeSet
from ami_ros.model.jepa import Jepa
from ami_ros.training.latents import encode_all
from ami_ros.training.probes import probe


def open_loop_errors(model: Jepa, latents: Tensor, joints: Tensor, actions: Tensor) -> dict[str, list[float]]:
    """Return errors per horizon step, as a share of the latent's variance.

    Args:
        model: the world model.
        latents: (B, T + 1, D).
        joints: (B, T + 1, 2 J) normalised.
        actions: (B, T, A) in [-1, 1].
    """
    shuffled = actions[torch.randperm(len(actions), generator=torch.Generator().manual_seed(0))]
    with torch.inference_mode():
        predictions = {
            "open_loop_error": model.rollout(latents[:, 0], joints[:, 0], actions)[0],
            "copy_last_error": latents[:, :1].expand(-1, actions.shape[1], -1),
            "shuffled_action_error": model.rollout(latents[:, 0], joints[:, 0], shuffled)[0],
        }
    variance = latents.flatten(0, 1).var(dim=0).mean()
    actual = latents[:, 1:]
    return {k: (((v - actual) ** 2).mean(dim=(0, 2)) / variance).tolist() for k, v in predictions.items()}


def effective_rank(latents: Tensor) -> float:
    """Return how many directions the latents (N, D) really use.

    Source: Roy and Vetterli, "The effective rank" (2007), exponential of the spectrum's entropy.
    """
    values = torch.linalg.svdvals(latents - latents.mean(dim=0))
    share = values / values.sum()
    return float(torch.exp(-(share * torch.log(share.clamp_min(1e-12))).sum()))


def measure_gates(model: Jepa, episodes: EpisodeSet, action_scale: float, horizon: int) -> dict[str, Any]:
    """Measure everything that `ami-ros inspect` prints, on held-out `episodes`."""
    latents = encode_all(model, episodes.images)
    joints = model.normalise_joints(torch.from_numpy(episodes.joints))
    actions = torch.from_numpy(episodes.actions) / action_scale
    starts = range(0, episodes.steps - horizon + 1, horizon)
    cut = {
        "latents": torch.cat([latents[:, s : s + horizon + 1] for s in starts]),
        "joints": torch.cat([joints[:, s : s + horizon + 1] for s in starts]),
        "actions": torch.cat([actions[:, s : s + horizon] for s in starts]),
    }
    flat = latents.flatten(0, 1)
    count = episodes.joints.shape[2] // 2
    quantities = {"joint_position": episodes.joints[..., :count], "tip_position": episodes.tip}
    spread = flat.std(dim=0)
    return {
        **open_loop_errors(model, **cut),
        "probes": {name: probe(latents, torch.from_numpy(values)) for name, values in quantities.items()},
        "effective_rank": effective_rank(flat),
        "latent_std": {"min": float(spread.min()), "mean": float(spread.mean()), "max": float(spread.max())},
        "held_out_episodes": len(episodes),
    }
