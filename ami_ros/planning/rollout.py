# SPDX-License-Identifier: Apache-2.0
"""Where candidates lead: what a term of the cost is given."""

# No annotations from __future__: TorchScript looks up `Target` where a term uses it, not here.
from typing import NamedTuple

from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal


class Target(NamedTuple):
    """What candidates shall come near to; a goal as a compiled search takes it.

    Attributes:
        targets: see `WorldModel`.
        parts: index of what each target is of.
        kind: of distance to it.
        on_the_way: it is a place on the way to another goal.
    """

    targets: list[Tensor]
    parts: list[int]
    kind: str
    on_the_way: bool


def target_of(goal: EncodedGoal, distance: str) -> Target:
    """Return a goal for a compiled search that measures the way to images by this distance."""
    return Target(goal.targets, goal.parts, goal.kind(distance), goal.on_the_way)


class Rollout(NamedTuple):
    """S candidates, rolled out.

    Attributes:
        now: (1, Z) the state before.
        states: (S, Z) after each of T action blocks.
        actions: (S, T, K A) in [-1, 1].
        goal: what they shall come near to.
        dreaded: (C, V, D) latents of V cameras that are to be kept away from.
        view_sizes: (V,) how many numbers of a state, from its first on, are the latent of each camera.
    """

    now: Tensor
    states: list[Tensor]
    actions: Tensor
    goal: Target
    dreaded: Tensor
    view_sizes: list[int]
