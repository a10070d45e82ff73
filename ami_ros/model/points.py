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
            std, step = model.buffer("vector_std"), model.buffer("vector_step_distance")
            parts = [
                states[:, start:stop] * std[start:stop] / step[index]
                for index, (start, stop) in enumerate(positions_of(model))
            ]
        return torch.cat(parts, dim=1) / len(parts) ** 0.5


def targets_of(model: ModelRuntime, goal: EncodedGoal) -> Tensor:
    """Return the point (P,) of a goal that every camera shows; without cameras, of all vector sensors.

    Raises:
        GoalError: it is another goal, or not one of every sensor.
    """
    cameras = [camera.name for camera in model.contract.cameras]
    vectors = [vector.name for vector in model.contract.vectors]
    by_vectors = goal.kind == BY_VECTORS
    if by_vectors == bool(cameras) or len(goal.parts) != len(cameras or vectors):
        what = "vectors" if by_vectors else "pictures"
        wanted = f"a picture from each of {cameras}" if cameras else f"values of each of {vectors}"
        raise GoalError(f"routes: got a goal of {len(goal.parts)} {what}, expected {wanted}")
    if cameras:
        state = torch.cat([target.float().flatten() for target in goal.targets]).unsqueeze(0)
    else:
        state = torch.zeros(1, sum(len(vector.units) for vector in model.contract.vectors))
        for target, (start, stop) in zip(goal.targets, positions_of(model), strict=True):
            state[0, start:stop] = target.float().cpu()
    return points_of(model, state)[0].cpu()


def positions_of(model: ModelRuntime) -> list[tuple[int, int]]:
    """Return where in a state's vectors the values of each sensor begin and end, without velocities."""
    found, start = [], 0
    for vector in model.contract.vectors:
        found.append((start, start + len(vector.values)))
        start += len(vector.units)
    return found
