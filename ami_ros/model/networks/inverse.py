# SPDX-License-Identifier: Apache-2.0
"""The inverse model: proposes actions toward a goal, and is the no-search baseline."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.networks.comparison import Comparison
from ami_ros.model.networks.inputs import Layout
from ami_ros.model.networks.settings import ModelSettings


class InverseModel(Comparison):
    """Goal-conditioned inverse dynamics: the first action block on the way to a later core of the state.

    Args:
        settings: sizes.
        layout: layout of the state.
        action_size: numbers per action block (K A).
    """

    def __init__(self, settings: ModelSettings, layout: Layout, action_size: int) -> None:
        super().__init__(layout, settings.inverse_hidden, action_size)

    def forward(self, state: Tensor, goal: Tensor) -> Tensor:
        """Return the action block (B, K A) in [-1, 1] that leads from states (B, Z) toward cores (B, F)."""
        return torch.tanh(self.compare(state, goal))
