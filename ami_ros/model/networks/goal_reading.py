# SPDX-License-Identifier: Apache-2.0
"""Reads off a goal picture where the vector sensors will stand there."""

from __future__ import annotations

from torch import Tensor, nn

from ami_ros.model.networks.comparison import Comparison
from ami_ros.model.networks.inputs import Layout
from ami_ros.model.networks.settings import ModelSettings


class GoalReading(Comparison):
    """How far each position among the vectors is from where a goal's views show it.

    The present is measured, so two pictures need only show a difference. Where most of a picture never
    changes, the distance between two latents is mostly noise; this is not.

    Args:
        settings: sizes.
        layout: layout of the state.
    """

    def __init__(self, settings: ModelSettings, layout: Layout) -> None:
        positions = sum(stop - start for start, stop in layout.goals)
        super().__init__(layout, settings.reading_hidden, positions)
        # For training alone: what a linear map reads off a latent, any later fit can.
        self.shown = nn.Linear(layout.core_size, positions)

    def forward(self, state: Tensor, goal: Tensor) -> Tensor:
        """Return the changes (B, P) of all positions, normalised, from states (B, Z) to cores (B, F)."""
        return self.compare(state, goal)
