# SPDX-License-Identifier: Apache-2.0
"""A route to a goal: the states to pass, and the interface of route finders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal


@dataclass(frozen=True, eq=False)
class Route:
    """States to pass, in order; the goal itself comes after the last.

    Attributes:
        states: (R, Z), at least one.
        steps: (R,) duration to each of them from the previous one, control steps.
    """

    states: Tensor
    steps: tuple[float, ...]

    def __len__(self) -> int:
        """Return the number of states to pass."""
        return len(self.states)


class RouteSearch(Protocol):
    """Searches for one route, in small steps: a planner must not be silent for seconds.

    Attributes:
        route: the route found; None while searching, and if there is none.
    """

    route: Route | None

    def advance(self, waited_for: bool) -> bool:
        """Search for the duration of a plan, or longer if waited for; return whether it is done."""


class RouteFinder(Protocol):
    """Finds routes from a state to a goal."""

    def restart(self) -> None:
        """Handle a new goal, or a robot that was moved."""

    def begin(self, state: Tensor, goal: EncodedGoal, within: float) -> RouteSearch:
        """Begin to search for a route from state (Z,) to within `within` control steps of a goal."""

    def forgive(self) -> None:
        """Forget all failures: no route is left without them."""

    def fail(self, state: Tensor, route: Route, last: int) -> None:
        """Record that the robot reached none of a route's states up to index `last` from state (Z,)."""
