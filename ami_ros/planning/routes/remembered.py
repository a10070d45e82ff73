# SPDX-License-Identifier: Apache-2.0
"""Routes over remembered states: travelled before, or predicted by the model between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.points import points_of, targets_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.experience import Experience
from ami_ros.planning.routes.route import Route


@dataclass(frozen=True, eq=False)
class RememberedRoute(Route):
    """A route with its handle in the memory.

    Attributes:
        way: the route as the memory returned it.
    """

    way: Any


class RememberedRoutes:
    """Finds the shortest route in a memory.

    Args:
        model: model of the states.
        experience: the memory.
    """

    def __init__(self, model: ModelRuntime, experience: Experience) -> None:
        self._model, self._experience = model, experience

    def begin(self, state: Tensor, goal: EncodedGoal, within: float) -> KnownRoute:
        """Find the shortest route from state (Z,) to as near a goal as possible; the search ends at once."""
        here = points_of(self._model, state.unsqueeze(0))[0].cpu().numpy()
        way = self._experience.way(here, targets_of(self._model, goal).numpy())
        if way is None:
            return KnownRoute(None)
        return KnownRoute(
            RememberedRoute(torch.from_numpy(self._experience.states_of(way)), tuple(way.steps), way)
        )

    def restart(self) -> None:
        """Keep everything: a memory holds for other goals, too."""

    def fail(self, state: Tensor, route: Route, last: int) -> None:
        """Raise the cost of the place that was not reached."""
        if isinstance(route, RememberedRoute):
            for index in range(last + 1):
                self._experience.fail(route.way, index)

    def forgive(self) -> None:
        """Allow places that were not reached again."""
        self._experience.forgive()


@dataclass(eq=False)
class KnownRoute:
    """A search that is done from the start.

    Attributes:
        route: the route found; None if there is none.
    """

    route: Route | None

    def advance(self, waited_for: bool) -> bool:
        """Return True: the search is done."""
        return True
