# SPDX-License-Identifier: Apache-2.0
"""Fit the distance that the planner minimises, from unlabelled motion."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.latents import Encoded

COMPARED = 20_000  # windows in which what is done is compared with something else


class Changes(NamedTuple):
    """What a metric is made of: changes of the core.

    Attributes:
        unit: (N, F) those that count as much in any direction.
        reached: (M, F) how far it gets; directions in which that is far count more.
    """

    unit: Tensor
    reached: Tensor


def metric_of(changes: Changes, floor: float, power: float) -> Tensor:
    """Return W (D, D) such that ``(z - g) @ W`` counts what gets far in small units.

    First `changes.unit` becomes white. Then each direction is stretched by how far it gets in that unit.
    Directions that carry less than `floor` of the mean unit are not blown up further.

    Source: Wiskott and Sejnowski, "Slow feature analysis" (2002): sphering, then the slowest directions; and
    Fisher, "The use of multiple measurements in taxonomic problems" (1936): signal in units of noise.

    Args:
        changes: of one view, D numbers.
        floor: smallest eigenvalue kept, share of the mean eigenvalue.
        power: of the stretch; 0 for none.
    """
    unit, reached = changes.unit.double(), changes.reached.double()
    values, vectors = torch.linalg.eigh(unit.T @ unit / unit.shape[0])
    scale = values.clamp_min(max(floor * float(values.mean()), 1e-12)).rsqrt()
    white = (vectors * scale) @ vectors.T
    range_of = reached @ white
    spread, directions = torch.linalg.eigh(range_of.T @ range_of / range_of.shape[0])
    stretch = (spread / spread.mean().clamp_min(1e-12)).clamp_min(1e-6) ** power
    return (white @ (directions * stretch) @ directions.T).float()


def slow_changes(cores: Tensor, steps: int) -> Changes:
    """Return what makes a metric count what changes slowly and lastingly, whoever moves it.

    Directions that change slowly (an object) count as much as fast ones (the arm): noise gets nowhere, a
    pushed object gets far in small steps. What only differs between episodes (light, camera) is no way to go.

    Args:
        cores: (E, S + 1, F).
        steps: control steps between the two ends of a change.
    """
    change = (cores[:, steps:] - cores[:, :-steps]).flatten(0, 1)
    return Changes(change, (cores - cores.mean(dim=1, keepdim=True)).flatten(0, 1))


def in_metric(model: Jepa, change: Tensor) -> Tensor:
    """Return changes of the core (N, F), each view as the metric sees it."""
    views = [model.view(change, index) @ model.metric[index] for index in range(model.views)]
    return torch.cat(views, dim=1)


def controlled_changes(model: Jepa, encoded: Encoded, blocks: int, seed: int) -> Changes:
    """Return what makes a metric count what actions change, in units of what the model cannot foresee.

    What moves by itself, such as another robot, and noise in the latent are not foreseen, and do not depend
    on the action: they count next to nothing.

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
        ends = [model.rollout(states[:, 0], done)[..., : model.core_size] for done in (actions, others)]
    missed = states[:, 1, : model.core_size] - ends[0][:, 0]
    return Changes(missed, ends[0][:, -1] - ends[1][:, -1])


def fit_metric(
    model: Jepa, cores: Tensor, vectors: Tensor, changes: Changes, floor: float, power: float
) -> None:
    """Set the model's metric, and the length of one control step in it, in the latents and in the vectors.

    Args:
        model: changed in place.
        cores: (E, S + 1, F).
        vectors: (E, S + 1, V) in the sensors' units.
        changes: what to count.
        floor: see `metric_of`.
        power: see `metric_of`.
    """
    for index in range(model.views):
        view = slice(index * model.view_size, (index + 1) * model.view_size)
        latents = cores[..., view]
        of_view = Changes(changes.unit[:, view], changes.reached[:, view])
        model.metric[index].copy_(metric_of(of_view, floor, power))
        change = (latents[:, 1:] - latents[:, :-1]) @ model.metric[index]
        model.step_distance[index] = change.norm(dim=2).median().clamp_min(1e-6)
        plain = (latents[:, 1:] - latents[:, :-1]).norm(dim=2)
        model.l2_step_distance[index] = plain.median().clamp_min(1e-6)
    for index in range(len(model.vector_step_distance)):
        start, stop = model.goals[index]
        turn = vectors[:, 1:, start:stop] - vectors[:, :-1, start:stop]
        model.vector_step_distance[index] = turn.norm(dim=2).median().clamp_min(1e-6)
