# SPDX-License-Identifier: Apache-2.0
"""Fit the distance that the planner minimises, from unlabelled motion."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.jepa import Jepa


def slow_feature_metric(latents: Tensor, steps: int, floor: float) -> Tensor:
    """Return W (D, D) such that the latent's change over `steps` is white after ``@ W``.

    Directions that change slowly (an object) then count as much as fast ones (the arm). Directions that carry
    less than `floor` of the mean variance are noise and are not blown up further.

    Source: Wiskott and Sejnowski, "Slow feature analysis" (2002), sphering of the temporal change.

    Args:
        latents: (E, S + 1, D).
        steps: control steps between the two ends of a change.
        floor: smallest eigenvalue kept, share of the mean eigenvalue.
    """
    change = (latents[:, steps:] - latents[:, :-steps]).flatten(0, 1)
    covariance = change.T @ change / change.shape[0]
    values, vectors = torch.linalg.eigh(covariance.double())
    scale = values.clamp_min(max(floor * float(values.mean()), 1e-12)).rsqrt()
    return ((vectors * scale) @ vectors.T).float()


def fit_metric(model: Jepa, latents: Tensor, joints: Tensor, steps: int, floor: float) -> None:
    """Set the model's metric and the length of one control step in it.

    Args:
        model: changed in place.
        latents: (E, S + 1, D).
        joints: (E, S + 1, 2 J) in rad and rad/s.
        steps: see `slow_feature_metric`.
        floor: see `slow_feature_metric`.
    """
    model.metric.copy_(slow_feature_metric(latents, steps, floor))
    change = (latents[:, 1:] - latents[:, :-1]) @ model.metric
    model.step_distance.copy_(change.norm(dim=2).median().clamp_min(1e-6))
    count = joints.shape[2] // 2
    turn = joints[:, 1:, :count] - joints[:, :-1, :count]
    model.joint_step_distance.copy_(turn.norm(dim=2).median().clamp_min(1e-6))
