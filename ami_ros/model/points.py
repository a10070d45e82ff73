# SPDX-License-Identifier: Apache-2.0
"""States as points: their Euclidean distance is the planner's "slow" distance, in control steps."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.errors import GoalError
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.world_model import BY_VECTORS


def points_of(model: ModelRuntime, states: Tensor) -> Tensor:
    """Return points (N, P) of states (N, Z); for a body without cameras, vectors form the points.

    Args:
        model: model that defines the metric.
        states: states on the CPU or the model's device.
    """
    states, views = states.float().to(model.device), len(model.contract.cameras)
    with torch.inference_mode():
        if views:
            metric, step = model.buffer("metric"), model.buffer("step_distance")
            size = metric.shape[1]
            parts = [states[:, i * size : (i + 1) * size] @ metric[i] / step[i] for i in range(views)]
        else:
            std, step, start = model.buffer("vector_std"), model.buffer("vector_step_distance"), 0
            parts = []
            for index, vector in enumerate(model.contract.vectors):
                positions = slice(start, start + len(vector.values))
                parts.append(states[:, positions] * std[positions] / step[index])
                start += len(vector.units)
        return torch.cat(parts, dim=1) / len(parts) ** 0.5


def targets_of(model: ModelRuntime, goal: EncodedGoal) -> Tensor:
    """Return the point (P,) of a goal that every camera shows.

    Raises:
        GoalError: it is not an image goal, or not of every camera.
    """
    cameras = [camera.name for camera in model.contract.cameras]
    by_vectors = goal.kind == BY_VECTORS
    if by_vectors or len(goal.parts) != len(cameras):
        what = "vectors" if by_vectors else "pictures"
        raise GoalError(
            f"routes: got a goal of {len(goal.parts)} {what}, expected a picture from each of {cameras}"
        )
    state = torch.cat([target.float().flatten() for target in goal.targets]).unsqueeze(0)
    return points_of(model, state)[0].cpu()
