# SPDX-License-Identifier: Apache-2.0
"""What a state keeps of earlier readings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.inputs import Layout


class Traces(nn.Module):
    """Averages of what each vector sensor measured, over some time constants: lags and noise show in them.

    A trace moves toward every new reading, by the share that its time constant leaves. So one reading and the
    traces before it are all that is needed to go on, in a plan as on a robot.

    Source: Mozer, "Neural net architectures for temporal sequence processing" (1993), exponential traces.

    Args:
        layout: layout of the state, whose last numbers are the traces.
        blocks: action blocks that a prediction covers.
    """

    def __init__(self, layout: Layout, blocks: int) -> None:
        super().__init__()
        self.vectors_at, self.traces_at = layout.vectors_at, layout.traces_at
        self.count, self.blocks = len(layout.history), float(blocks)
        rates = [-1.0 / constant for constant in layout.history for _ in range(layout.inputs.vector_size)]
        self.rates: Tensor  # (H V,) per action block
        self.register_buffer("rates", torch.tensor(rates))

    def begin(self, vectors: Tensor) -> Tensor:
        """Return the traces (B, H V) of vectors (B, V) that have long been as they are."""
        return vectors.repeat(1, self.count)

    def carry(self, before: Tensor, vectors: Tensor, blocks: float) -> Tensor:
        """Return the traces (B, H V) of vectors (B, V), some action blocks after states (B, Z)."""
        kept = torch.exp(self.rates * blocks)
        return kept * before[:, self.traces_at :] + (1.0 - kept) * self.begin(vectors)

    def along(self, vectors: Tensor, blocks: float) -> Tensor:
        """Return the traces (E, S + 1, H V) along episodes of vectors (E, S + 1, V), `blocks` apart."""
        before = self.begin(vectors[:, 0])
        kept, rows = torch.exp(self.rates * blocks), [before]
        for step in range(1, vectors.shape[1]):
            before = kept * before + (1.0 - kept) * self.begin(vectors[:, step])
            rows.append(before)
        return torch.stack(rows, 1)

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        """Return predicted states (B, Z): what follows states (B, Z), whose traces are still missing."""
        return torch.cat([after, self.carry(before, after[:, self.vectors_at :], self.blocks)], dim=1)
