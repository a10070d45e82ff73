# SPDX-License-Identifier: Apache-2.0
"""stable-worldmodel's CEM on a model of LeWM's size, at its own protocol, for scale."""

from __future__ import annotations

import contextlib
import io
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

LATENT = 192
FRAMES = 3  # of history for the predictor
ACTION = 2  # numbers per control step
ACTION_BLOCK = 5


@dataclass(frozen=True)
class Protocol:
    """How LeWM plans in its paper and in stable-worldmodel's scripts."""

    samples: int = 300
    horizon: int = 5
    iterations: int = 30
    elites: int = 30


def time_lewm(protocol: Protocol | None = None) -> dict[str, Any]:
    """Time one plan of stable-worldmodel's CEM on an untrained model with LeWM's predictor.

    Without the image encoder (ViT-tiny), which it calls twice per plan: observation and goal are given as
    latents. The measured time is therefore slightly below the full plan time.

    Source: Maes et al., "LeWorldModel" (2026), sizes from its published configuration: 6 layers, 16 heads of
    64, 2048 hidden, latent 192, 3 frames.

    Returns:
        ``plan_s samples horizon iterations parameters``; parameters of predictor, action encoder
        and projection.
    """
    from gymnasium.spaces import Box
    from stable_worldmodel import PlanConfig
    from stable_worldmodel.solver import CEMSolver
    from stable_worldmodel.wm.lewm import LeWM
    from stable_worldmodel.wm.lewm.module import MLP, Embedder, Predictor

    wanted = protocol or Protocol()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        predictor = Predictor(
            num_frames=FRAMES,
            depth=6,
            heads=16,
            dim_head=64,
            mlp_dim=2048,
            input_dim=LATENT,
            hidden_dim=LATENT,
        )
        model = LeWM(
            torch.nn.Identity(),
            predictor,
            Embedder(input_dim=ACTION * ACTION_BLOCK, emb_dim=LATENT),
            pred_proj=MLP(LATENT, 2048, LATENT, norm_fn=torch.nn.BatchNorm1d),
        ).eval()
    actions = Box(-1.0, 1.0, (1, ACTION), np.float32)
    config = PlanConfig(horizon=wanted.horizon, receding_horizon=1, action_block=ACTION_BLOCK)

    def plan_s(iterations: int) -> float:
        solver = CEMSolver(model, num_samples=wanted.samples, n_steps=iterations, topk=wanted.elites)
        solver.configure(action_space=actions, n_envs=1, config=config)
        # (environments, frames, ...); with latents given, the pictures are never used.
        pixels, latent = torch.zeros(1, 1, 1), torch.zeros(1, 1, LATENT)
        info = {"pixels": pixels, "goal": pixels, "emb": latent, "goal_emb": latent}
        before = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            solver.solve(info)
        return time.perf_counter() - before

    plan_s(1)
    return {
        "plan_s": plan_s(wanted.iterations),
        "samples": wanted.samples,
        "horizon": wanted.horizon,
        "iterations": wanted.iterations,
        "parameters": sum(weight.numel() for weight in model.parameters()),
    }
