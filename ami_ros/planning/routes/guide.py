# SPDX-License-Identifier: Apache-2.0
"""Follows a route: which subgoal the planner shall pursue now."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ami_ros.model.runtime import EncodedGoal
from ami_ros.planning.routes.route import Route, RouteFinder, RouteSearch
from ami_ros.planning.routes.settings import RouteSettings
from ami_ros.types import DIRECT, NO_WAY, ROUTE, SEARCHING

Distance = Callable[[Tensor, EncodedGoal], float]


class Guide:
    """Hands out subgoals one at a time, and asks for another route when the world disagrees.

    Args:
        finder: of routes.
        subgoal_of: a state (Z,) as a goal.
        distance: from a state (Z,) to a goal, control steps.
        settings: what counts as near, passed and failed.

    Attributes:
        way: how it goes to the goal, one of WAYS.
        searches: how many routes were looked for, for this goal.
    """

    def __init__(
        self,
        finder: RouteFinder,
        subgoal_of: Callable[[Tensor], EncodedGoal],
        distance: Distance,
        settings: RouteSettings,
    ) -> None:
        self._finder, self._subgoal_of, self._distance = finder, subgoal_of, distance
        self._settings = settings
        self.restart()

    def restart(self) -> None:
        """Forget the route: the goal is another one, or the robot somewhere else."""
        self._search: RouteSearch | None = None
        self._route: Route | None = None
        self._next, self._waited = 0, 0
        self._subgoals: list[EncodedGoal] = []
        self.way, self.searches = DIRECT, 0

    def subgoal(self, state: Tensor, goal: EncodedGoal) -> EncodedGoal | None:
        """Return what to pursue from state (Z,) on the way to a goal.

        None where the robot shall stay where it is: a way is looked for, or none is known.
        """
        if self._distance(state, goal) <= self._settings.near:
            self._route, self._search, self.way = None, None, DIRECT
            return goal
        if self._route is not None and not self._advance(state):
            self._finder.fail(self._route, min(self._next, len(self._route) - 1))
            self._route = None
        if self._route is None:
            self._look_for(state, goal)
        if self._route is None:
            return None
        return self._subgoals[self._next] if self._next < len(self._subgoals) else goal

    def _look_for(self, state: Tensor, goal: EncodedGoal) -> None:
        if self._search is None:
            self._search, self.searches = self._finder.begin(state, goal), self.searches + 1
            self.way = SEARCHING if self.way != NO_WAY else NO_WAY
        if not self._search.advance():
            return
        self._route, self._search, self._next, self._waited = self._search.route, None, 0, 0
        if self._route is None:
            self.way = NO_WAY
            self._finder.forgive()
            return
        self.way, self._subgoals = ROUTE, [self._subgoal_of(state) for state in self._route.states]

    def _advance(self, state: Tensor) -> bool:
        """Go on to what can be pursued directly; return whether it is still worth waiting for."""
        if self._route is None:
            return False
        away = [self._distance(state, goal) for goal in self._subgoals[self._next :]]
        passed = [index + 1 for index, far in enumerate(away) if far <= self._settings.passed]
        within = [index for index, far in enumerate(away) if far <= self._settings.near]
        further = max([*passed, *within], default=0)
        if further:
            self._next, self._waited = self._next + further, 0
            return True
        self._waited += 1
        expected = self._route.steps[min(self._next, len(self._route) - 1)]
        return self._waited <= self._settings.patience * expected
