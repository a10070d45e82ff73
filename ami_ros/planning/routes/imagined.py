# SPDX-License-Identifier: Apache-2.0
"""Routes that nobody travelled: a tree of imagined states, grown with the coarse predictor."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.points import points_of, targets_of
from ami_ros.model.runtime import EncodedGoal, ModelRuntime
from ami_ros.planning.routes.route import Route
from ami_ros.planning.routes.settings import LearnedRouteSettings

AT_ONCE = 64  # states that are led on from at once
BITS = 3  # how often that is done between two plans


class ImaginedRoutes:
    """Grows a tree from where the robot is, until one of its states is near the goal.

    Each state is led on by every macro-action of the model. What comes out near a state that is there
    already is dropped, so the tree spreads over all that can be reached, around walls, instead of growing
    toward the goal and into them. States that took the fewest steps are led on first.

    Source: LaValle, "Rapidly-exploring random trees" (1998), for trees grown by the dynamics; here no random
    state attracts the tree.

    Args:
        model: with a coarse predictor.
        step_count: control steps per macro-action.
        settings: how far apart states are, how near the goal is near enough, and how many there may be.
    """

    def __init__(self, model: ModelRuntime, step_count: int, settings: LearnedRouteSettings) -> None:
        self._model, self._steps, self._settings = model, step_count, settings
        self._failed = torch.zeros((0, 0))  # points that were not reached: routes keep away from them

    def begin(self, state: Tensor, goal: EncodedGoal) -> TreeSearch:
        """Begin to look for the way with the fewest steps from state (Z,) to near a goal."""
        return TreeSearch(self._model, self._steps, self._settings, state, goal, self._failed)

    def fail(self, route: Route, index: int) -> None:
        """Keep away from a state that was not reached, in all routes to come."""
        point = points_of(self._model, route.states[index : index + 1]).cpu()
        self._failed = torch.cat([self._failed.reshape(-1, point.shape[1]), point])

    def forgive(self) -> None:
        """Lead through what was not reached, too."""
        self._failed = self._failed[:0]


class TreeSearch:
    """One search, see `ImaginedRoutes`.

    Attributes:
        route: what it found.
        states: how many states it has looked at.
    """

    def __init__(
        self,
        model: ModelRuntime,
        step_count: int,
        settings: LearnedRouteSettings,
        state: Tensor,
        goal: EncodedGoal,
        failed: Tensor,
    ) -> None:
        self._model, self._steps, self._settings, self._failed = model, step_count, settings, failed
        self._target = targets_of(model, goal)
        self._states = state.unsqueeze(0).cpu()
        self._points = points_of(model, self._states).cpu()
        self._parents = torch.tensor([-1])
        self._begun = 0  # states that were led on
        self._level = 1  # where the states begin that took as many steps as the newest
        self.route: Route | None = None

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self._states)

    def advance(self) -> bool:
        """Lead some states on; return whether the goal is reached, or there is nothing more to look at."""
        for _ in range(BITS):
            if self._begun == len(self._states) or len(self._states) >= self._settings.most:
                return True
            # All states of a level took as long: which of them is nearest to the goal is asked at its end.
            end = min(self._begun + AT_ONCE, max(self._level, self._begun + 1))
            self._grow(slice(self._begun, end))
            self._begun = end
            if self._begun >= self._level:
                if self._arrived():
                    return True
                self._level = len(self._states)
        return False

    def _arrived(self) -> bool:
        newest = self._points[self._level :]
        away = torch.linalg.vector_norm(newest - self._target, dim=1)
        if not len(away) or float(away.min()) > self._settings.near:
            return False
        way = [self._level + int(away.argmin())]
        while self._parents[way[-1]] > 0:
            way.append(int(self._parents[way[-1]]))
        way.reverse()
        self.route = Route(self._states[way], (float(self._steps),) * len(way))
        return True

    def _grow(self, some: slice) -> None:
        """Add what is new of the states that some states lead to."""
        with torch.inference_mode():
            ahead = self._model.world.imagine(self._states[some].to(self._model.device)).cpu()
        states, radius = ahead.flatten(0, 1), self._settings.radius
        points = points_of(self._model, states).cpu()
        parents = some.start + torch.arange(len(states)) // ahead.shape[1]
        new = torch.cdist(points, self._points).amin(dim=1) > radius
        if len(self._failed):
            new &= torch.cdist(points, self._failed).amin(dim=1) > radius
        rows = torch.nonzero(new).flatten()
        close = torch.cdist(points[rows], points[rows]) <= radius
        free, kept = torch.ones(len(rows), dtype=torch.bool), []
        for index in range(len(rows)):
            if free[index]:
                kept.append(index)
                free &= ~close[index]
        chosen = rows[kept]
        self._states = torch.cat([self._states, states[chosen]])
        self._points = torch.cat([self._points, points[chosen]])
        self._parents = torch.cat([self._parents, parents[chosen]])
