# SPDX-License-Identifier: Apache-2.0
"""Rolled-out candidates: the input of a cost term."""

# No annotations from __future__: TorchScript looks up `EncodedGoal` where a term uses it, not here.
from typing import NamedTuple

from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal


class Rollout(NamedTuple):
    """S candidates, rolled out.

    Attributes:
        now: (1, Z) the state before.
        states: (S, Z) the states after each of T action blocks.
        actions: (S, T, K A) in [-1, 1].
        goal: their goal.
        dreaded: (C, V, D) latents of V cameras to avoid.
        view_sizes: (V,) size of each camera's latent; the latents come first in a state.
    """

    now: Tensor
    states: list[Tensor]
    actions: Tensor
    goal: EncodedGoal
    dreaded: Tensor
    view_sizes: list[int]
