# SPDX-License-Identifier: Apache-2.0
"""Floating-point operations of plans, counted by torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from torch.utils.flop_counter import FlopCounterMode

T = TypeVar("T")


def counted(play: Callable[[], T]) -> tuple[T, int]:
    """Return what `play` returns, and its operations; counting slows plans down."""
    with FlopCounterMode(display=False) as counter:
        found = play()
    return found, counter.get_total_flops()
