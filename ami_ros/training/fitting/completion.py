# SPDX-License-Identifier: Apache-2.0
"""Learns to estimate a camera's view from the other cameras and the vectors."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.networks.completion import Completion
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.latents import Encoded
from ami_ros.training.settings import TrainingSettings

FASTEST = 2e-3  # peak learning rate
DECAY = 1e-4  # weight decay


def fit_completion(
    model: Jepa, encoded: Encoded, settings: TrainingSettings, on_step: OnStep = unwatched
) -> None:
    """Fit `model.completions` in place, if the model has several cameras.

    In each step some cameras are missing, the same ones for the whole batch, and never all of them.

    Args:
        model: the world model.
        encoded: training episodes.
        settings: number of steps, batch size and seed.
        on_step: called after each step.
    """
    states = encoded.states.flatten(0, 1)
    generator = torch.Generator().manual_seed(settings.seed)
    for head in model.completions:
        if isinstance(head, Completion):
            cores, vectors = states[:, : model.core_size], states[:, model.vectors_at : model.traces_at]
            _fit(head, cores, vectors, settings, generator, on_step)


def _fit(
    head: Completion,
    cores: Tensor,
    vectors: Tensor,
    settings: TrainingSettings,
    generator: torch.Generator,
    on_step: OnStep,
) -> None:
    head.mean.copy_(cores.mean(dim=0))
    head.std.copy_(cores.std(dim=0).clamp_min(1e-4))
    head.requires_grad_(True)
    optimizer = torch.optim.AdamW(head.parameters(), lr=FASTEST, weight_decay=DECAY)

    def loss() -> Tensor:
        rows = torch.randint(len(cores), (settings.fit_batch,), generator=generator)
        count = int(torch.randint(1, head.views, (), generator=generator))
        missing = torch.randperm(head.views, generator=generator)[:count].tolist()
        wanted = (cores[rows] - head.mean) / head.std
        gap = (head.filled(cores[rows], missing, vectors[rows]) - wanted) ** 2
        return (gap * (1.0 - head.present(missing)).repeat_interleave(head.view_size)).mean()

    descend(optimizer, settings.completion_steps, loss, lambda: on_step("completion"))
    head.requires_grad_(False)


def completion_errors(model: Jepa, held_out: Encoded, cameras: tuple[str, ...]) -> dict[str, float]:
    """Return, by camera, the median error of filling it in when it alone is missing, in control steps."""
    states = held_out.states.flatten(0, 1)
    errors = {}
    for index, name in enumerate(cameras if len(cameras) > 1 else ()):
        with torch.no_grad():
            gap = model.view(model.complete(states, [index]) - states, index)
            lengths = torch.linalg.vector_norm(gap @ model.metric[index], dim=1) / model.step_distance[index]
        errors[name] = float(lengths.median())
    return errors
