# SPDX-License-Identifier: Apache-2.0
"""A way to a goal: states to pass, and who finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal


@dataclass(frozen=True, eq=False)
class Route:
    """What to pass, in order; the goal itself comes after the last.

    Attributes:
        states: (R, Z), at least one.
        steps: (R,) how long it takes to each of them from the one before, control steps.
    """

    states: Tensor
    steps: tuple[float, ...]

    def __len__(self) -> int:
        """Return how many states there are to pass."""
        return len(self.states)


class RouteSearch(Protocol):
    """Looks for one way, a bit at a time: a planner must not be silent for seconds.

    Attributes:
        route: what it found; None while it looks, and when there is none.
    """

    route: Route | None

    def advance(self, waited_for: bool) -> bool:
        """Look on for as long as a plan takes, or longer if it is waited for; return whether it is done."""


class RouteFinder(Protocol):
    """Finds ways from one state to a goal."""

    def restart(self) -> None:
        """Hear that the goal is another one, or the robot somewhere else."""

    def begin(self, state: Tensor, goal: EncodedGoal, within: float) -> RouteSearch:
        """Begin to look for a way from state (Z,) to so near a goal, control steps."""

    def forgive(self) -> None:
        """Forget what was not reached: no way is left without it."""

    def fail(self, state: Tensor, route: Route, last: int) -> None:
        """Hear that none of a route's states up to index `last` was reached from state (Z,)."""
