# SPDX-License-Identifier: Apache-2.0
"""One step of the world: state and action block to the next state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.inputs import Layout
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.networks.traces import Traces


class ResidualBlock(nn.Module):
    """Residual MLP block.

    At the batch sizes of planning, every pass over the activations besides the matrix products takes
    noticeable time. So the second product has no bias: the first one of the next block makes up for it.

    Args:
        width: numbers in and out.
        norm: applied before the products: a LayerNorm, or nothing.
    """

    def __init__(self, width: int, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self.expand = nn.Linear(width, width)
        self.project = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width) to (B, width)."""
        return x + self.project(nn.functional.silu(self.expand(self.norm(x))))


class Predictor(nn.Module):
    """Predicts the change of the state; starts out predicting "nothing changes".

    Vectors enter directly, or (`vector_hidden`) through a small network of their own. Without cameras, the
    state is what sensors measure, in its own scale. A LayerNorm would lose that scale: a reactor's plans then
    left the best input where it is at the end of its range.

    Args:
        settings: sizes.
        layout: layout of the state.
        action_size: numbers per prediction (K A, or several times that).
        blocks: action blocks that a prediction covers.
    """

    def __init__(self, settings: ModelSettings, layout: Layout, action_size: int, blocks: int = 1) -> None:
        super().__init__()
        width = settings.predictor_hidden
        self.vectors_at, self.traces_at = layout.vectors_at, layout.traces_at
        vector_size = settings.vector_hidden or layout.inputs.vector_size
        trace_size = layout.state_size - layout.traces_at
        self.enter = nn.Linear(layout.vectors_at + vector_size + trace_size + action_size, width)
        norms = [
            nn.LayerNorm(width) if layout.inputs.cameras else nn.Identity()
            for _ in range(settings.predictor_blocks + 1)
        ]
        self.blocks = nn.Sequential(*[ResidualBlock(width, norm) for norm in norms[1:]])
        last = nn.Linear(width, layout.traces_at)
        self.leave = nn.Sequential(norms[0], last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.has_vector_network = settings.vector_hidden > 0
        self.vectors: nn.Module = nn.Identity()
        if self.has_vector_network:
            self.vectors = nn.Sequential(
                nn.Linear(layout.inputs.vector_size, settings.vector_hidden),
                nn.SiLU(),
                nn.Linear(settings.vector_hidden, settings.vector_hidden),
            )

        # Without traces, there is nothing to carry.
        self.traces = nn.ModuleList(Traces(layout, blocks) for _ in layout.history[:1])

    def forward(self, state: Tensor, action: Tensor) -> Tensor:
        """Advance states (B, Z) by an action block (B, K A) in [-1, 1]."""
        given = state
        if self.has_vector_network:
            vectors = self.vectors(state[:, self.vectors_at : self.traces_at])
            parts = [state[:, : self.vectors_at], vectors, state[:, self.traces_at :]]
            given = torch.cat(parts, dim=1)
        change = self.leave(self.blocks(self.enter(torch.cat([given, action], dim=1))))
        after = state[:, : self.traces_at] + change
        for traces in self.traces:
            after = traces(state, after)
        return after
