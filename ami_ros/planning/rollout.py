# SPDX-License-Identifier: Apache-2.0
"""Where candidates lead: what a term of the cost is given."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Rollout(NamedTuple):
    """S candidates, rolled out.

    Attributes:
        now: (1, Z) the state before.
        states: (S, Z) after each of T action blocks.
        actions: (S, T, K A) in [-1, 1].
        goal: targets, see `WorldModel`.
        parts: index of what each target is of.
        kind: of distance to the goal.
        on_the_way: the goal is a place on the way to another one.
        dreaded: (C, V, D) latents of V cameras that are to be kept away from.
    """

    now: Tensor
    states: list[Tensor]
    actions: Tensor
    goal: list[Tensor]
    parts: list[int]
    kind: str
    on_the_way: bool
    dreaded: Tensor
