# SPDX-License-Identifier: Apache-2.0
"""A goal as the model sees it, and as a compiled search takes it."""

# No annotations from __future__: TorchScript reads the types of the fields.
from typing import NamedTuple, Optional

from torch import Tensor


class EncodedGoal(NamedTuple):
    """The goal that states are compared with.

    Attributes:
        targets: latents (D,) of some cameras, or target readings of some vector sensors; see `WorldModel`.
        parts: index of each of these sensors, ascending.
        kind: kind of distance to the targets: BY_VECTORS for target readings, else see `Jepa.distance`.
        on_the_way: whether it is a subgoal, a place on the way to another goal.
        later: (T, n) target readings after each action block, those of all `parts` side by side; None where
            the goal does not change meanwhile.
    """

    targets: list[Tensor]
    parts: list[int]
    kind: str
    on_the_way: bool = False
    later: Optional[Tensor] = None  # noqa: UP045, TorchScript
