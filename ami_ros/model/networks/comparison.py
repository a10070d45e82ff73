# SPDX-License-Identifier: Apache-2.0
"""Compares a state with a later core of the state: what lies between the two?"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.inputs import Layout


class Comparison(nn.Module):
    """A network over a state, and the difference of a goal from its core.

    Args:
        layout: layout of the state.
        width: of the network.
        outputs: numbers that it returns (N).
    """

    def __init__(self, layout: Layout, width: int, outputs: int) -> None:
        super().__init__()
        self.core_size = layout.core_size
        self.layers = nn.Sequential(
            nn.Linear(layout.core_size + layout.state_size, width),
            nn.LayerNorm(width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.LayerNorm(width),
            nn.SiLU(),
            nn.Linear(width, outputs),
        )

    def compare(self, state: Tensor, goal: Tensor) -> Tensor:
        """Return (B, N) for states (B, Z) and cores (B, F)."""
        core = state[:, : self.core_size]
        answer: Tensor = self.layers(torch.cat([core, goal - core, state[:, self.core_size :]], dim=1))
        return answer
