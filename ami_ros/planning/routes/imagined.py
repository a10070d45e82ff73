# SPDX-License-Identifier: Apache-2.0
"""Routes that nobody travelled: a tree of imagined states, grown with the coarse predictor."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.points import points_of, targets_of
from ami_ros.model.runtime import EncodedGoal, ModelRuntime
from ami_ros.planning.routes.route import Route
from ami_ros.planning.routes.settings import RouteSettings

AT_ONCE = 64  # states that are led on from at once


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

    def __init__(self, model: ModelRuntime, step_count: int, settings: RouteSettings) -> None:
        self._model, self._steps, self._settings = model, step_count, settings
        self._failed = torch.zeros((0, 0))  # points that were not reached: routes keep away from them

    def find(self, state: Tensor, goal: EncodedGoal) -> Route | None:
        """Return the way with the fewest steps from state (Z,) to near a goal; None when there is none."""
        tree = _Tree(state, points_of(self._model, state.unsqueeze(0)), self._settings.radius, self._failed)
        target = targets_of(self._model, goal)
        begun = 0
        while begun < len(tree) and len(tree) < self._settings.most:
            # One level at a time: all its states took as long.
            end = len(tree)
            while begun < end:
                some = slice(begun, min(begun + AT_ONCE, end))
                with torch.inference_mode():
                    ahead = self._model.world.imagine(tree.states[some].to(self._model.device)).cpu()
                tree.grow(ahead, begun, points_of(self._model, ahead.flatten(0, 1)))
                begun = some.stop
            away = torch.linalg.vector_norm(tree.points[end:] - target, dim=1)
            if len(away) and float(away.min()) <= self._settings.near:
                return self._route(tree, end + int(away.argmin()))
        return None

    def _route(self, tree: _Tree, last: int) -> Route:
        way = [last]
        while tree.parents[way[-1]] > 0:
            way.append(int(tree.parents[way[-1]]))
        way.reverse()
        return Route(tree.states[way], (float(self._steps),) * len(way), tuple(way))

    def fail(self, route: Route, index: int) -> None:
        """Keep away from a state that was not reached, in all routes to come."""
        point = points_of(self._model, route.states[index : index + 1])
        self._failed = torch.cat([self._failed.reshape(-1, point.shape[1]), point])


class _Tree:
    """States (N, Z), their points (N, P) and their parents (N,); the first is the root."""

    def __init__(self, root: Tensor, point: Tensor, radius: float, failed: Tensor) -> None:
        self.states, self.points = root.unsqueeze(0).cpu(), point.cpu()
        self.parents = torch.tensor([-1])
        self._radius, self._failed = radius, failed

    def __len__(self) -> int:
        return len(self.states)

    def grow(self, ahead: Tensor, first: int, points: Tensor) -> None:
        """Add what is new of the states (B, N, Z), with points (B N, P), that B states lead to.

        Args:
            ahead: of the states from index `first` on.
            first: index.
            points: of `ahead`.
        """
        states, points = ahead.flatten(0, 1), points.cpu()
        parents = first + torch.arange(len(states)) // ahead.shape[1]
        new = torch.cdist(points, self.points).amin(dim=1) > self._radius
        if len(self._failed):
            new &= torch.cdist(points, self._failed).amin(dim=1) > self._radius
        rows = torch.nonzero(new).flatten()
        close = torch.cdist(points[rows], points[rows]) <= self._radius
        kept: list[int] = []
        free = torch.ones(len(rows), dtype=torch.bool)
        for index in range(len(rows)):
            if free[index]:
                kept.append(index)
                free &= ~close[index]
        chosen = rows[kept]
        self.states = torch.cat([self.states, states[chosen]])
        self.points = torch.cat([self.points, points[chosen]])
        self.parents = torch.cat([self.parents, parents[chosen]])
