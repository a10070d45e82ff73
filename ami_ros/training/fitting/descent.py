# SPDX-License-Identifier: Apache-2.0
"""Gradient descent for the parts fitted to finished latents."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

OnStep = Callable[[str], None]


def unwatched(stage: str) -> None:
    """Report no progress."""


def descend(
    optimizer: torch.optim.Optimizer,
    steps: int,
    loss: Callable[[], Tensor],
    on_step: Callable[[], None],
) -> None:
    """Take `steps` steps down `loss`, a new batch each, with a learning rate that falls to zero.

    Args:
        optimizer: optimizer of the learned parameters.
        steps: number of steps.
        loss: draws a batch and returns its loss ().
        on_step: called after each step.

    Source: Loshchilov and Hutter, "SGDR" (2017), eq. 5 with one period.
    """
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
        on_step()
