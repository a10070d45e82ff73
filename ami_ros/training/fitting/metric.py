# SPDX-License-Identifier: Apache-2.0
"""Fits the distance that the planner minimises, from unlabelled motion."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.latents import Encoded

COMPARED = 20_000  # windows in which the executed action is compared with another one


class Changes(NamedTuple):
    """Changes of the core that define a metric.

    Attributes:
        unit: (N, F) changes that count equally in every direction.
        reached: (M, F) reached changes; directions with large ones count more.
    """

    unit: Tensor
    reached: Tensor


def metric_of(changes: Changes, floor: float, power: float) -> Tensor:
    """Return W (D, D) such that ``(z - g) @ W`` weights directions that get far in small units.

    First `changes.unit` becomes white. Then each direction is stretched by how far it gets in that unit.
    Directions with less than `floor` of the mean unit are not amplified further.

    Source: Wiskott and Sejnowski, "Slow feature analysis" (2002): sphering, then the slowest directions; and
    Fisher, "The use of multiple measurements in taxonomic problems" (1936): signal in units of noise.

    Args:
        changes: changes of one view, D numbers.
        floor: smallest eigenvalue kept, share of the mean eigenvalue.
        power: exponent of the stretch; 0 for none.
    """
    unit, reached = changes.unit.double(), changes.reached.double()
    values, vectors = torch.linalg.eigh(unit.T @ unit / unit.shape[0])
    scale = values.clamp_min(max(floor * float(values.mean()), 1e-12)).rsqrt()
    white = (vectors * scale) @ vectors.T
    range_of = reached @ white
    spread, directions = torch.linalg.eigh(range_of.T @ range_of / range_of.shape[0])
    stretch = (spread / spread.mean().clamp_min(1e-12)).clamp_min(1e-6) ** power
    stretched: Tensor = white @ (directions * stretch) @ directions.T
    return stretched.float()


def slow_changes(cores: Tensor, steps: int) -> Changes:
    """Return the changes for a metric of slow and lasting changes, whatever causes them.

    Directions that change slowly (an object) count as much as fast ones (the arm): noise gets nowhere, a
    pushed object gets far in small steps. Differences only between episodes (light, camera) do not count.

    Args:
        cores: (E, S + 1, F).
        steps: control steps between the two ends of a change.
    """
    change = (cores[:, steps:] - cores[:, :-steps]).flatten(0, 1)
    return Changes(change, (cores - cores.mean(dim=1, keepdim=True)).flatten(0, 1))


def in_metric(model: Jepa, change: Tensor) -> Tensor:
    """Return changes of the core (N, F) in the metric of each view."""
    views = [model.view(change, index) @ model.metric[index] for index in range(model.views)]
    return torch.cat(views, dim=1)


def controlled_changes(model: Jepa, encoded: Encoded, blocks: int, seed: int) -> Changes:
    """Return the changes for a metric of the actions' effects, in units of what the model cannot foresee.

    Independent motion, such as another robot's, and noise in the latent are not foreseen and do not depend on
    the action: they count next to nothing.

    Args:
        model: the world model, with a finished predictor.
        encoded: training episodes.
        blocks: action blocks between an action and its effect.
        seed: seed of the compared windows.
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
        changes: changes that define the metric.
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
