# SPDX-License-Identifier: Apache-2.0
"""Learns the number of control steps between two latents, from unlabelled motion."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.temporal_distance import TemporalDistance
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.fitting.folding import fold
from ami_ros.training.settings import TrainingSettings

FASTEST = 3e-3  # peak learning rate
DUAL_RATE = 0.1  # learning rate of the multiplier: at a tenth, it does not converge within the steps
SLACK = 0.05  # how far a step may stretch beyond 1, root mean square
# Most pairs are near: next to far ones, a turn would count less than the time that it takes.
NEAR_SHARE, NEAR_STEPS = 0.8, 10


def fit_temporal_distance(
    model: Jepa, cores: Tensor, settings: TrainingSettings, on_step: OnStep = unwatched
) -> None:
    """Fit `model.temporal_distances` in place; needs the metric.

    The fit puts all latents as far apart as possible, but no control step may be longer than 1. By the
    triangle inequality, two latents are then at most as far apart as the shortest path through the data.

    Source: Wang, Torralba, Isola and Zhang, "Optimal goal-reaching reinforcement learning via quasimetric
    learning" (2023), eq. 10.

    Args:
        model: the world model.
        cores: (E, S + 1, F) of the training episodes.
        settings: number of steps, batch size and seed.
        on_step: called after each step.
    """
    for index, head in enumerate(model.temporal_distances):
        if isinstance(head, TemporalDistance):
            view = cores[..., index * model.view_size : (index + 1) * model.view_size]
            _fit(head, model.metric[index], view, settings, on_step)


def _fit(
    head: TemporalDistance, metric: Tensor, latents: Tensor, settings: TrainingSettings, on_step: OnStep
) -> None:
    """Fit one head on one view (E, S + 1, D) and its metric (D, D)."""
    generator = torch.Generator().manual_seed(settings.seed)
    # In the planner's metric from the start: in the raw latents, the head learns the arm and not the object.
    mean = latents.flatten(0, 1).mean(dim=0)
    seen = (latents - mean) @ metric
    size = seen.std().clamp_min(1e-6)
    seen = seen / size
    head.scale.fill_(1.0)
    episodes, steps = latents.shape[0], latents.shape[1] - 1
    batch, far = settings.fit_batch, 2.0 * steps

    learned = list(head.parameters())
    head.requires_grad_(True)
    multiplier = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.Adam(learned, lr=FASTEST)
    dual = torch.optim.Adam([multiplier], lr=DUAL_RATE)

    def loss() -> Tensor:
        episode = torch.randint(episodes, (batch,), generator=generator)
        step = torch.randint(steps, (batch,), generator=generator)
        before, after = head.embed(seen[episode, step]), head.embed(seen[episode, step + 1])
        # From the same episode: no motion leads to another light or camera, so that distance is undefined.
        other = torch.randint(steps + 1, (batch,), generator=generator)
        near = step + torch.randint(-NEAR_STEPS, NEAR_STEPS + 1, (batch,), generator=generator)
        is_near = torch.rand(batch, generator=generator) < NEAR_SHARE
        other = torch.where(is_near, near.clamp(0, steps), other)
        apart = head.between(before, head.embed(seen[episode, other]))
        # Pushes less the further apart they already are: long distances must not drown out short ones.
        spread = functional.softplus(far - apart, beta=5.0 / far).mean()
        stretch = torch.relu(head.between(before, after) - 1.0).square().mean() - SLACK**2
        weight = functional.softplus(multiplier)
        dual.zero_grad()
        (-weight * stretch.detach()).backward()
        dual.step()
        return spread + weight.detach() * stretch

    descend(optimizer, settings.temporal_steps, loss, lambda: on_step("temporal distance"))
    head.requires_grad_(False)
    fold(head.first, mean, metric / size)
    head.scale.copy_(usual_step(head, latents))


def usual_step(head: TemporalDistance, latents: Tensor) -> Tensor:
    """Return the median length () of one control step in latents (E, S + 1, D)."""
    with torch.no_grad():
        embedded = [head.embed(episode) for episode in latents]
        lengths = torch.cat([head.between(e[:-1], e[1:]) for e in embedded])
    return lengths.median().clamp_min(1e-6)
