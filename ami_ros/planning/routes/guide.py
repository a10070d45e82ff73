# SPDX-License-Identifier: Apache-2.0
"""Follows a route: which subgoal the planner shall pursue now."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.planning.routes.contacts import ContactSense
from ami_ros.planning.routes.route import Route, RouteFinder, RouteSearch
from ami_ros.planning.routes.settings import RouteSettings
from ami_ros.types import DIRECT, NO_WAY, ROUTE, SEARCHING, FloatArray

Distances = Callable[[Tensor, EncodedGoal], list[float]]


class Guide:
    """Hands out subgoals one at a time, and keeps looking for a better route from where the robot is.

    A route is pursued like a carrot on a stick: its last state before the first that is too far away. A new
    route is looked for while the robot follows the old one, because where it is, and what was only imagined,
    is known better by then.

    Args:
        finder: of routes.
        subgoal_of: a state (Z,) as a goal.
        distances: of states (N, Z) from a goal, control steps.
        settings: what counts as near, passed and failed.
        stride: how long a state of a route usually takes, control steps.
        contacts: feels walls; None where the finder has no use for that.

    Attributes:
        way: how it goes to the goal, one of WAYS.
        searches: how many routes were looked for, for this goal.
    """

    def __init__(
        self,
        finder: RouteFinder,
        subgoal_of: Callable[[Tensor], EncodedGoal],
        distances: Distances,
        settings: RouteSettings,
        stride: float,
        contacts: ContactSense | None = None,
    ) -> None:
        self._finder, self._subgoal_of, self._distances = finder, subgoal_of, distances
        self._settings, self._stride, self._contacts = settings, stride, contacts
        self.restart()

    def restart(self) -> None:
        """Forget the route: the goal is another one, or the robot somewhere else."""
        self._finder.restart()
        if self._contacts is not None:
            self._contacts.restart()
        self._search: RouteSearch | None = None
        self._root: EncodedGoal | None = None  # where the robot was when it began
        self._place: EncodedGoal | None = None  # where the robot was when it last got on
        self._waited, self._stuck = 0, False  # control steps since then; whether that was too long
        self._tried, self._detour = 0, False  # control steps straight to the goal; whether to leave that be
        self._route: Route | None = None
        self._age, self._passed, self._pursued = 0, 0, 0
        self.way, self.searches = DIRECT, 0

    def observe(self, state: Tensor, stamp_ns: int) -> None:
        """Feel, at each observation, whether something is in the way; then look for another one."""
        if self._contacts is not None and self._contacts.observe(state, stamp_ns) and self._route is not None:
            self._drop(SEARCHING)

    def act(self, action: FloatArray) -> None:
        """Note the action (A,) in [-1, 1] that is executed until the next observation."""
        if self._contacts is not None:
            self._contacts.act(action)

    def subgoal(self, state: Tensor, goal: EncodedGoal, distance: float) -> EncodedGoal | None:
        """Return what to pursue from state (Z,) on the way to a goal.

        None where the robot shall stay where it is: a way is looked for, or none is known.

        Args:
            state: now.
            goal: to be reached in the end.
            distance: from the one to the other, control steps.
        """
        if self._try_straight(distance):
            self._drop(DIRECT)
            self._place, self._stuck = None, False
            return goal
        here = self._subgoal_of(state)
        self._notice(state, here)
        if self._route is not None:
            self._age += 1
            self._follow(self._route, here)
            self._doubt(self._route, state)
        if self._route is None or self._age > self._route.steps[0]:
            self._look_for(state, here, goal)
        if self._route is None:
            return None
        if self._pursued == len(self._route):
            self._detour = False
            return goal
        return self._subgoal_of(self._route.states[self._pursued])

    def _try_straight(self, distance: float) -> bool:
        """Count one more try to go straight to a goal that is near, and return whether to make it.

        After too many, something is between, or it only looks near: a route shall lead to the very place.
        """
        if distance > self._settings.near or self._detour:
            return False
        self._tried = 0 if distance <= self._settings.passed else self._tried + 1
        if self._tried <= self._settings.patience * self._stride:
            return True
        self._drop(SEARCHING)
        self._tried, self._detour = 0, True
        return False

    def _look_for(self, state: Tensor, here: EncodedGoal, goal: EncodedGoal) -> None:
        if self._route is None and self._is_away(state, self._root):
            self._search = None  # somebody moved the robot, which waits: ways from there are none from here
        if self._search is None:
            within = self._settings.passed if self._detour else self._settings.near
            self._search, self.searches = self._finder.begin(state, goal, within), self.searches + 1
            self._root = here
            if self.way == DIRECT:
                self.way = SEARCHING
        if not self._search.advance(waited_for=self._route is None):
            return
        found, self._search, self._age = self._search.route, None, 0
        if found is not None:
            if self._route is not None and not self._is_worth(found, self._route):
                return
            self.way, self._route, self._passed = ROUTE, found, 0
            self._follow(found, here)
        elif self._route is None:
            self.way, self._detour = NO_WAY, False
            self._finder.forgive()

    def _is_worth(self, found: Route, followed: Route) -> bool:
        """Return whether to leave a route for another one: who turns to every new one may get nowhere."""
        return sum(found.steps) <= self._settings.longer * sum(followed.steps[self._passed :])

    def _follow(self, route: Route, here: EncodedGoal) -> None:
        """Go on along a route."""
        away, near = self._distances(route.states, here), self._settings.near
        passed = (index + 1 for index, far in enumerate(away) if far <= self._settings.passed)
        self._passed = max(self._passed, *passed, 0)
        self._pursued = self._passed
        # Who is stuck does one thing after another: a way back and forth would look like no way at all.
        while not self._stuck and max(away[self._pursued : self._pursued + 2], default=near + 1.0) <= near:
            self._pursued += 1
        self._pursued = min(self._pursued, max(self._passed, len(route) - 1))

    def _doubt(self, route: Route, state: Tensor) -> None:
        """Give a route up where it promised what does not happen: the world disagrees."""
        last = min(self._pursued, len(route) - 1)
        if self._waited <= self._settings.patience * route.steps[last]:
            return
        self._finder.fail(state, route, last)  # also what counted as passed: it is near, and was not reached
        self._drop(SEARCHING)
        self._waited, self._stuck = 0, True

    def _drop(self, way: str) -> None:
        """Follow no route, and look for none, for now."""
        self._route, self._search, self.way = None, None, way

    def _notice(self, state: Tensor, here: EncodedGoal) -> None:
        """Notice whether the robot left the place where it was when it last got on."""
        self._waited += 1
        if self._is_away(state, self._place):
            self._place, self._waited, self._stuck = here, 0, False

    def _is_away(self, state: Tensor, place: EncodedGoal | None) -> bool:
        return place is None or self._distances(state.unsqueeze(0), place)[0] > self._settings.passed
