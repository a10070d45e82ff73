# SPDX-License-Identifier: Apache-2.0
"""How much of the past a state without pictures should keep: the data decides."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ami_ros.body.actions import ActionSpec
from ami_ros.model.networks.inputs import Inputs, Layout
from ami_ros.model.networks.traces import Traces
from ami_ros.training.probes import ridge_regression
from ami_ros.training.recorded import Recorded, normalised_actions

CANDIDATES: tuple[tuple[float, ...], ...] = ((), (2.0,), (2.0, 8.0), (2.0, 8.0, 32.0))  # action blocks
RIDGE = 1e-6  # share of the mean variance


@dataclass(frozen=True)
class HistoryChoice:
    """What was found.

    Attributes:
        history: time constants of the traces, action blocks; empty: the present reading is enough.
        error: squared error of a linear model, share of that without traces: with the traces chosen, or where
            none were, with the best of the others.
    """

    history: tuple[float, ...]
    error: float


def choose_history(
    training: Recorded, held_out: Recorded, inputs: Inputs, actions: ActionSpec, gain: float
) -> HistoryChoice:
    """Return the shortest history whose every further trace is worth keeping.

    A linear model predicts the readings one action block ahead, from readings, traces and the action block.
    The next longer history is taken if it lowers the error on other episodes by `gain`, a share.

    Args:
        training: episodes to fit.
        held_out: episodes to judge.
        inputs: the sensors; no cameras.
        actions: of the robot.
        gain: at least so much lower, in (0, 1].
    """
    vectors = torch.from_numpy(training.vectors).flatten(0, 1)
    mean, std = vectors.mean(0), vectors.std(0).clamp_min(1e-12)

    def error(history: tuple[float, ...]) -> float:
        (x, y), (test_x, test_y) = (
            _steps(it, Layout(inputs, 0, history=history), actions, mean, std) for it in (training, held_out)
        )
        weights, offset = ridge_regression(x, y, RIDGE)
        return float((test_x @ weights + offset - test_y).square().mean())

    errors = {history: error(history) for history in CANDIDATES}
    chosen, alone = CANDIDATES[0], max(errors[CANDIDATES[0]], 1e-12)
    for history in CANDIDATES[1:]:
        if errors[history] < (1.0 - gain) * errors[chosen]:
            chosen = history
    others = [errors[history] for history in CANDIDATES[1:]]
    return HistoryChoice(chosen, (errors[chosen] if chosen else min(others)) / alone)


def _steps(
    episodes: Recorded, layout: Layout, spec: ActionSpec, mean: Tensor, std: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what a linear model knows of each action block (N, F), and how the readings change (N, V)."""
    readings = (torch.from_numpy(episodes.vectors) - mean) / std
    known = [readings]
    if layout.history:
        known.append(Traces(layout, 1).along(readings, 1.0 / spec.block))
    starts = range(0, episodes.steps - spec.block + 1)
    actions = normalised_actions(torch.from_numpy(episodes.actions), spec)
    blocks = torch.stack([actions[:, at : at + spec.block].flatten(1) for at in starts], 1)
    before = torch.cat(known, dim=2)[:, : len(starts)]
    change = readings[:, spec.block :] - readings[:, : -spec.block]
    return torch.cat([before, blocks], dim=2).flatten(0, 1), change.flatten(0, 1)
