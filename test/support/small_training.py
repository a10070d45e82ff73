# SPDX-License-Identifier: Apache-2.0
"""Training of the small model on the made-up world, in seconds."""

from __future__ import annotations

import torch
from part_settings import load_training_settings
from robots import JOINTS
from small_model import ACTION, LATENT

from ami_ros.training.latents import Encoded

TRAINING = load_training_settings(
    {
        "steps": 30,
        "batch_windows": 16,
        "horizon": 3,
        "inverse_horizon": 5,
        "warmup_steps": 3,
        "learning_rate": 0.003,
        "metric_steps": 2,
        "checkpoint_steps": 12,
        "disagreement_steps": 20,
        "temporal_steps": 20,
        "predictor_steps": 20,
        "fit_batch": 64,
        "held_out": 0.25,
        "threads": 1,
        "seed": 5,
    }
)

TURNING_EPISODES, TURNING_BLOCKS, TURNING_BLOCK = 60, 6, 2


def turning_world(seed: int) -> Encoded:
    """Actions turn and push the latent; half of a block in each of its control steps."""
    generator, mix = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(99)
    per_step = ACTION // TURNING_BLOCK
    turn = torch.linalg.qr(torch.eye(LATENT) + 0.1 * torch.randn(LATENT, LATENT, generator=mix))[0]
    push = 0.2 * torch.randn(per_step, LATENT, generator=mix)
    actions = (
        torch.rand(TURNING_EPISODES, TURNING_BLOCKS * TURNING_BLOCK, per_step, generator=generator) * 2.0
        - 1.0
    )
    latents = [torch.randn(TURNING_EPISODES, LATENT, generator=generator)]
    for step in range(TURNING_BLOCKS * TURNING_BLOCK):
        latents.append(latents[-1] @ turn + actions[:, step] @ push)
    cores = torch.stack(latents, 1)
    states = torch.cat([cores, torch.zeros(TURNING_EPISODES, cores.shape[1], 2 * JOINTS)], dim=2)
    return Encoded(states, torch.zeros(cores.shape[:2]), LATENT, actions, TURNING_BLOCK)
