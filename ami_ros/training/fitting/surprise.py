# SPDX-License-Identifier: Apache-2.0
"""Fits the usual deviations, so that unusual ones stand out."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.surprise import SURPRISE_NAMES
from ami_ros.training.latents import Transitions
from ami_ros.training.probes import ridge_regression
from ami_ros.training.settings import TrainingSettings

# Quantile at which each component is 1. Each has its own: signs of a strange world must not drown out signs
# of a strange event. Looks at the edge of the training range may count as odd once in a hundred.
RARE = (0.99, 0.999, 0.9995, 0.99)
MOVES = 0.25  # quantile of the joints' moves from which on a picture has to change
SHARP = 1e-3  # smallest variance resolved for pose and novelty, share of the mean


def whitening(values: Tensor, shrinkage: float) -> Tensor:
    """Return W (M, M) such that values (N, M) @ W are white, around zero.

    Args:
        values: values around zero.
        shrinkage: added isotropic variance, share of the mean variance. Large: all directions count alike.

    Source: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (2004).
    """
    covariance = (values.T @ values / len(values)).double()
    mean = torch.diagonal(covariance).mean().clamp_min(1e-12)
    eigenvalues, vectors = torch.linalg.eigh(covariance)
    scale = (eigenvalues.clamp_min(0.0) + shrinkage * mean).rsqrt()
    white: Tensor = (vectors * scale) @ vectors.T
    return white.float()


def fit_surprise(
    model: Jepa, training: Transitions, held_out: Transitions, settings: TrainingSettings
) -> None:
    """Fit `model.surprise_gauge` in place; needs the disagreement and the appearance.

    Args:
        model: the world model.
        training: usual transitions, SURPRISE_BLOCKS in a row.
        held_out: transitions on which each component is 1 at its quantile of RARE.
        settings: shrinkage.
    """
    gauge = model.surprise_gauge
    core = training.next_core(model)
    missed = core - training.predicted(model)
    gauge.motion_whitening.copy_(whitening(missed, settings.surprise_shrinkage))
    pose = model.posture(training.next_state[:, model.vectors_at :])
    if pose.shape[1]:
        weights, offset = ridge_regression(core, pose, SHARP)
        gauge.readout.copy_(weights)
        gauge.readout_offset.copy_(offset)
        gauge.pose_whitening.copy_(whitening(core @ weights + offset - pose, SHARP))
    known = torch.cat([training.core(model), core])
    gauge.core_mean.copy_(known.mean(dim=0))
    gauge.novelty_whitening.copy_(whitening(known - gauge.core_mean, SHARP))
    if gauge.stillness:
        change = (core - training.core(model)).norm(dim=1)
        move = (pose - model.posture(training.state[:, model.vectors_at :])).norm(dim=1)
        gauge.least_move.fill_(torch.quantile(move, MOVES))
        gauge.least_change.fill_(change[move >= gauge.least_move].min() if pose.shape[1] else 0.0)
    gauge.scale.fill_(1.0)
    lengths = surprises(model, held_out)
    each = [torch.quantile(lengths[:, i], rare) for i, rare in enumerate(RARE)]
    # Where episodes begin is known, too: transitions end elsewhere.
    novelty = SURPRISE_NAMES.index("novelty")
    known = torch.cat([held_out.core(model), held_out.next_core(model)])
    away = torch.linalg.vector_norm((known - gauge.core_mean) @ gauge.novelty_whitening, dim=1)
    each[novelty] = torch.quantile(away, RARE[novelty])
    gauge.scale.copy_(torch.stack(each).clamp_min(1e-6))


def surprises(model: Jepa, it: Transitions) -> Tensor:
    """Return the components (N, 4) of N transitions, see `Surprise.forward`."""
    with torch.no_grad():
        return model.surprise(it.state, it.action, it.next_state, it.oddness)
