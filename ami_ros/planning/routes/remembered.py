# SPDX-License-Identifier: Apache-2.0
"""Routes over remembered states: what was travelled before, or what the model believes between them."""

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
    """A route, and what the memory calls it.

    Attributes:
        way: as the memory found it.
    """

    way: Any


class RememberedRoutes:
    """Finds the shortest way in a memory.

    Args:
        model: whose states they are.
        experience: the memory.
    """

    def __init__(self, model: ModelRuntime, experience: Experience) -> None:
        self._model, self._experience = model, experience

    def begin(self, state: Tensor, goal: EncodedGoal, within: float) -> KnownRoute:
        """Return the shortest way from state (Z,) to as near a goal as there is one; it is found at once."""
        here = points_of(self._model, state.unsqueeze(0))[0].cpu().numpy()
        way = self._experience.way(here, targets_of(self._model, goal).numpy())
        if way is None:
            return KnownRoute(None)
        return KnownRoute(
            RememberedRoute(torch.from_numpy(self._experience.states_of(way)), tuple(way.steps), way)
        )

    def restart(self) -> None:
        """Keep everything: what a memory knows holds for other goals, too."""

    def fail(self, state: Tensor, route: Route, last: int) -> None:
        """Let what was not reached cost more."""
        if isinstance(route, RememberedRoute):
            for index in range(last + 1):
                self._experience.fail(route.way, index)

    def forgive(self) -> None:
        """Lead through what was not reached, too."""
        self._experience.forgive()


@dataclass(eq=False)
class KnownRoute:
    """A search that is done before it begins.

    Attributes:
        route: what it found; None for nothing.
    """

    route: Route | None

    def advance(self, waited_for: bool) -> bool:
        """Return that it is done."""
        return True
