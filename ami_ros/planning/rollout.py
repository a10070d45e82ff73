# SPDX-License-Identifier: Apache-2.0
"""Rolled-out candidates: the input of a cost term."""

# No annotations from __future__: TorchScript looks up `Target` where a term uses it, not here.
from typing import NamedTuple

from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal


class Target(NamedTuple):
    """The target of the candidates: a goal as a compiled search takes it.

    Attributes:
        targets: see `WorldModel`.
        parts: index of the view or sensor of each target.
        kind: kind of distance to it.
        on_the_way: whether it is a place on the way to another goal.
    """

    targets: list[Tensor]
    parts: list[int]
    kind: str
    on_the_way: bool


def target_of(goal: EncodedGoal, distance: str) -> Target:
    """Return a goal for a compiled search that measures the distance to images by this kind."""
    return Target(goal.targets, goal.parts, goal.kind(distance), goal.on_the_way)


class Rollout(NamedTuple):
    """S candidates, rolled out.

    Attributes:
        now: (1, Z) the state before.
        states: (S, Z) the states after each of T action blocks.
        actions: (S, T, K A) in [-1, 1].
        goal: their target.
        dreaded: (C, V, D) latents of V cameras to avoid.
        view_sizes: (V,) size of each camera's latent; the latents come first in a state.
    """

    now: Tensor
    states: list[Tensor]
    actions: Tensor
    goal: Target
    dreaded: Tensor
    view_sizes: list[int]
