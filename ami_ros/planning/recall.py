# SPDX-License-Identifier: Apache-2.0
"""What a search takes from a memory: candidates that led toward similar goals, and states to avoid."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ami_ros.errors import GoalError
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.points import points_of, targets_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.experience import Experience
from ami_ros.planning.settings import PlannerSettings

MOST_DREADED = 16  # the nearest: each costs a distance computation for every candidate


class Recall:
    """Queries a memory; returns nothing without one.

    Args:
        model: model of the states.
        settings: whether to avoid anything.
        experience: the memory.
    """

    def __init__(self, model: ModelRuntime, settings: PlannerSettings, experience: Experience | None) -> None:
        self._model, self._experience = model, experience
        caution = settings.terms.get("caution")
        self._careful = caution is not None and caution.weight > 0.0

    def precedents(self, state: Tensor, goal: EncodedGoal, still: Tensor, count: int) -> Tensor:
        """Return candidates (N, T, K A) that led from places near `state` toward goals near `goal`.

        Args:
            state: (Z,) current state.
            goal: goal of all cameras, or without cameras of all vector sensors; others have no precedents.
            still: (T, K A) actions to append to them.
            count: how many at most (N).
        """
        if self._experience is None or not count:
            return still.unsqueeze(0)[:0]
        try:
            target = targets_of(self._model, goal)
        except GoalError:
            return still.unsqueeze(0)[:0]
        here = points_of(self._model, state.unsqueeze(0))[0].cpu()
        found = self._experience.candidates(here.numpy(), target.numpy(), count, len(still))
        candidates = still.cpu().repeat(len(found), 1, 1)
        for row, actions in enumerate(found):
            candidates[row, : len(actions)] = torch.from_numpy(np.asarray(actions))
        return candidates.to(still.device)

    def dreaded(self, state: Tensor) -> Tensor:
        """Return the nearest latents (C, V, D) of the V cameras to avoid."""
        views, size = len(self._model.contract.cameras), self._model.contract.latent_size
        if self._experience is None or not self._careful or not views or not len(self._experience.dreaded):
            return state.new_zeros((0, views, size))
        states = torch.from_numpy(self._experience.dreaded).float()
        points = points_of(self._model, torch.cat([state.unsqueeze(0).cpu(), states]))
        away = torch.linalg.vector_norm(points[1:] - points[:1], dim=1)
        nearest = away.topk(min(MOST_DREADED, len(away)), largest=False).indices.cpu()
        return states[nearest, : views * size].reshape(-1, views, size).to(state.device)
