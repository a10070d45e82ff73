# SPDX-License-Identifier: Apache-2.0
"""Measures the quality of a model on held-out episodes before it ships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ami_ros.episodes.event import STRANGER
from ami_ros.model.distances import DISTANCES
from ami_ros.model.networks.inputs import Inputs
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.surprise import SURPRISE_NAMES
from ami_ros.training.events import Clips, surprise_aucs
from ami_ros.training.fitting.appearance import Oddities, oddness_of
from ami_ros.training.fitting.disagreement import disagreements
from ami_ros.training.fitting.metric import in_metric
from ami_ros.training.latents import Encoded, Transitions
from ami_ros.training.probes import probe, probe_each
from ami_ros.training.rank import roc_auc, spearman

STILL = 1e-3  # changes below this count as no motion, m or rad
NOTHING = 1e-12  # variance of the latents of a covered camera


def open_loop_errors(model: Jepa, states: Tensor, actions: Tensor) -> dict[str, list[float]]:
    """Return errors per action block ahead, as a share of the core's variance.

    Args:
        model: the world model.
        states: (B, T + 1, Z).
        actions: (B, T, K A) in [-1, 1].
    """
    shuffled = actions[torch.randperm(len(actions), generator=torch.Generator().manual_seed(0))]
    size = model.core_size
    cores = states[..., :size]
    with torch.inference_mode():
        predictions = {
            "open_loop_error": model.rollout(states[:, 0], actions)[..., :size],
            "copy_last_error": cores[:, :1].expand(-1, actions.shape[1], -1),
            "shuffled_action_error": model.rollout(states[:, 0], shuffled)[..., :size],
        }
    variance = cores.flatten(0, 1).var(dim=0).mean().clamp_min(NOTHING)
    actual = cores[:, 1:]
    return {k: (((v - actual) ** 2).mean(dim=(0, 2)) / variance).tolist() for k, v in predictions.items()}


def foresight(model: Jepa, encoded: Encoded, horizon: int) -> dict[str, list[float]]:
    """Return `open_loop_errors` over whole episodes, cut into pieces of `horizon` action blocks."""
    span, steps = horizon * encoded.block, encoded.actions.shape[1]
    cuts = [encoded.cut(start, horizon) for start in range(0, steps - span + 1, span)]
    return open_loop_errors(model, *(torch.cat(part) for part in zip(*cuts, strict=True)))


def effective_rank(latents: Tensor) -> float:
    """Return the effective number of directions of latents (N, D).

    Source: Roy and Vetterli, "The effective rank" (2007), exponential of the spectrum's entropy.
    """
    values = torch.linalg.svdvals(latents - latents.mean(dim=0))
    share = values / values.sum().clamp_min(NOTHING)
    return float(torch.exp(-(share * torch.log(share.clamp_min(1e-12))).sum()))


def disagreement_calibration(model: Jepa, parts: Sequence[Transitions]) -> dict[str, float]:
    """Return the rank correlation of disagreement and one-step error over all `parts` together.

    The keys are the measures of the error: the planner's metric, and plain L2.
    """
    doubts = torch.cat([disagreements(model, part) for part in parts]).numpy()
    missed = torch.cat([part.next_core(model) - part.predicted(model) for part in parts])
    return {
        "slow": spearman(in_metric(model, missed).norm(dim=1).numpy(), doubts),
        "l2": spearman(missed.norm(dim=1).numpy(), doubts),
    }


def distance_calibration(model: Jepa, cores: Tensor, places: Tensor) -> dict[str, float]:
    """Return, for each kind of distance, its rank correlation with the true distance of the moved object.

    The goal of an episode is its last observation: a goal image has the same camera and light.

    Args:
        model: the world model.
        cores: (E, S + 1, F): several views count like several goal images.
        places: (E, S + 1, 3) positions of the moved object, m.
    """
    true = (places[:, :-1] - places[:, -1:]).norm(dim=2).flatten()
    with torch.no_grad():
        measured = {
            kind: torch.cat([_to_the_end(model, episode, kind) for episode in cores]) for kind in DISTANCES
        }
    return {kind: spearman(true.numpy(), values.numpy()) for kind, values in measured.items()}


def _to_the_end(model: Jepa, cores: Tensor, kind: str) -> Tensor:
    """Return the distance (S,) from each of the first S cores (S + 1, F) to the last."""
    views = [model.view(cores, index) for index in range(model.views)]
    ways = [model.distance(view[:-1], view[-1], kind, index) for index, view in enumerate(views)]
    return ways[0] if len(ways) == 1 else torch.stack(ways).square().mean(dim=0).sqrt()


def beyond_the_range(model: Jepa, usual: Tensor, oddities: Oddities) -> dict[str, dict[str, float]]:
    """Return, by kind, how well the appearance separates images beyond the training range from held-out ones.

    Args:
        model: the world model.
        usual: oddness (N,) of held-out images.
        oddities: images that nothing was fitted to; may be empty.

    Returns:
        `auc`, and `surprised`, the share of the images above the scale of a surprise.
    """
    scale = float(model.surprise_gauge.scale[SURPRISE_NAMES.index("appearance")])
    odd = {kind: oddness_of(model, some) for kind, some in oddities.by_kind().items()}
    return {
        kind: {"auc": roc_auc(usual.numpy(), seen.numpy()), "surprised": float((seen > scale).float().mean())}
        for kind, seen in odd.items()
    }


def shown_in_pictures(
    model: Jepa, training: Encoded, held_out: Encoded, inputs: Inputs
) -> dict[str, list[float]]:
    """Return, for each vector sensor, how well each of its values can be read off the pictures (R2).

    It needs no truth but the sensor. Velocities are left out; without cameras there is nothing to read.
    """
    if not inputs.cameras:
        return {}
    found, at = {}, model.vectors_at
    for vector in inputs.vectors:
        there = slice(at, at + vector.positions)
        sides = (training.cores, training.states[..., there], held_out.cores, held_out.states[..., there])
        found[vector.name] = probe_each(*sides)
        at += vector.size
    return found


def what_is_moved(truths: Mapping[str, Tensor]) -> str | None:
    """Return the name of the truth that goals are about; None if no truth is known.

    An object, else the tip, else the first truth of a base, a plant or a recording; an object that stands
    still in every episode is a wall.

    Args:
        truths: by name, each (E, S + 1, M).
    """
    names = [name for name in ("object_position", "tip_position") if name in truths] + list(truths)
    moving = (name for name in names if (truths[name] - truths[name][:, :1]).abs().max() > STILL)
    return next(moving, names[0] if names else None)


def measure_quality(
    model: Jepa,
    training: Encoded,
    held_out: Encoded,
    clips: dict[tuple[str, bool], Clips],
    oddities: Oddities,
    horizon: int,
) -> dict[str, Any]:
    """Measure everything that `ami-ros inspect` prints.

    Args:
        model: the world model.
        training: episodes that the probes are fitted on.
        held_out: episodes that everything is measured on.
        clips: events, by kind and possibility; may be empty.
        oddities: images beyond the training range that nothing was fitted to; may be empty.
        horizon: action blocks of open-loop prediction.
    """
    steps = held_out.actions.shape[1]
    flat, truths = held_out.cores.flatten(0, 1), held_out.truths
    spread, usual, unseen = flat.std(dim=0), held_out.transitions(), clips.get((STRANGER, False))
    moved = what_is_moved(truths)
    known = [usual] if unseen is None else [usual, unseen.encoded.transitions()]
    calibration = disagreement_calibration(model, known)
    overall, by_kind = surprise_aucs(model, clips)
    return {
        **foresight(model, held_out, horizon),
        "probes": {
            name: probe(training.cores, training.truths[name], held_out.cores, values)
            for name, values in truths.items()
        },
        "effective_rank": effective_rank(flat),
        "latent_std": {"min": float(spread.min()), "mean": float(spread.mean()), "max": float(spread.max())},
        "moved": moved,
        "distance_spearman": distance_calibration(model, held_out.cores, truths[moved][..., :3])
        if moved
        else {},
        "disagreement_spearman": calibration["slow"],
        "disagreement_spearman_l2": calibration["l2"],
        "surprise_auc": overall,
        "surprise_auc_by_kind": by_kind,
        "beyond_range": beyond_the_range(model, held_out.oddness.flatten(), oddities),
        "event_clips": sum(len(group.event_step) for group in clips.values()),
        "held_out_episodes": len(flat) // (steps + 1),
    }
