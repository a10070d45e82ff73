# SPDX-License-Identifier: Apache-2.0
"""Fit the distance that the planner minimises, from unlabelled motion."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.latents import Encoded

COMPARED = 20_000  # windows in which what is done is compared with something else


def slow_feature_metric(
    latents: Tensor, steps: int, floor: float, slowness: float, reached: Tensor | None = None
) -> Tensor:
    """Return W (D, D) such that ``(z - g) @ W`` counts what changes slowly and lastingly.

    First the latent's change over `steps` becomes white, so directions that change slowly (an object) count
    as much as fast ones (the arm). Then each direction is stretched by how far it gets within an episode, in
    units of that change: noise gets nowhere, a pushed object gets far in small steps. Directions that
    carry less than `floor` of the mean change are noise and are not blown up further.

    Source: Wiskott and Sejnowski, "Slow feature analysis" (2002): sphering, then the slowest directions.

    Args:
        latents: (E, S + 1, D).
        steps: control steps between the two ends of a change.
        floor: smallest eigenvalue kept, share of the mean eigenvalue.
        slowness: power of the stretch; 0 for none.
        reached: (N, D) how far actions take the latent; None: how far it gets within an episode, whoever
            moves it.
    """
    change = (latents[:, steps:] - latents[:, :-steps]).flatten(0, 1).double()
    values, vectors = torch.linalg.eigh(change.T @ change / change.shape[0])
    scale = values.clamp_min(max(floor * float(values.mean()), 1e-12)).rsqrt()
    white = (vectors * scale) @ vectors.T
    # Within episodes: what only differs between them (light, camera) is no way to go.
    if reached is None:
        reached = (latents - latents.mean(dim=1, keepdim=True)).flatten(0, 1)
    range_of = reached.double() @ white
    spread, directions = torch.linalg.eigh(range_of.T @ range_of / range_of.shape[0])
    stretch = (spread / spread.mean().clamp_min(1e-12)).clamp_min(1e-6) ** slowness
    return (white @ (directions * stretch) @ directions.T).float()


def in_metric(model: Jepa, change: Tensor) -> Tensor:
    """Return changes of the core (N, F), each view as the metric sees it."""
    views = [model.view(change, index) @ model.metric[index] for index in range(model.views)]
    return torch.cat(views, dim=1)


def controlled_changes(model: Jepa, encoded: Encoded, blocks: int, seed: int) -> Tensor:
    """Return by how much it matters to the core what is done (N, F): predictions of other actions, compared.

    What moves by itself, such as somebody else, is in none of these differences.

    Args:
        model: the world model, with a predictor that is done.
        encoded: training episodes.
        blocks: action blocks between what is done and what comes of it.
        seed: of the windows that are compared.
    """
    generator = torch.Generator().manual_seed(seed)
    states, actions = encoded.draw(COMPARED, blocks, generator)
    others = actions[torch.randperm(COMPARED, generator=generator)]
    with torch.no_grad():
        ends = [model.rollout(states[:, 0], done)[:, -1, : model.core_size] for done in (actions, others)]
    return ends[0] - ends[1]


def fit_metric(
    model: Jepa,
    cores: Tensor,
    vectors: Tensor,
    steps: int,
    floor: float,
    slowness: float,
    reached: Tensor | None = None,
) -> None:
    """Set the model's metric, and the length of one control step in it, in the latents and in the vectors.

    Args:
        model: changed in place.
        cores: (E, S + 1, F).
        vectors: (E, S + 1, V) in the sensors' units.
        steps: see `slow_feature_metric`.
        floor: see `slow_feature_metric`.
        slowness: see `slow_feature_metric`.
        reached: (N, F), see `slow_feature_metric`.
    """
    for index in range(model.views):
        view = slice(index * model.view_size, (index + 1) * model.view_size)
        latents, by_us = cores[..., view], None if reached is None else reached[:, view]
        model.metric[index].copy_(slow_feature_metric(latents, steps, floor, slowness, by_us))
        change = (latents[:, 1:] - latents[:, :-1]) @ model.metric[index]
        model.step_distance[index] = change.norm(dim=2).median().clamp_min(1e-6)
        plain = (latents[:, 1:] - latents[:, :-1]).norm(dim=2)
        model.l2_step_distance[index] = plain.median().clamp_min(1e-6)
    for index in range(len(model.vector_step_distance)):
        start, stop = model.goals[index]
        turn = vectors[:, 1:, start:stop] - vectors[:, :-1, start:stop]
        model.vector_step_distance[index] = turn.norm(dim=2).median().clamp_min(1e-6)
