# SPDX-License-Identifier: Apache-2.0
"""Follows a route: selects the subgoal that the planner pursues."""

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

    The subgoal is a carrot on a stick: the last state of the route before the first one that is too far away.
    The search for a new route runs while the robot follows the old one, because its place, and what was only
    imagined, are known better by then.

    Args:
        finder: finds routes.
        subgoal_of: converts a state (Z,) to a goal.
        distances: returns the distances of states (N, Z) from a goal, control steps.
        settings: what counts as near, passed and failed.
        stride: usual duration of one state of a route, control steps.
        contacts: detects walls; None if the finder does not use them.

    Attributes:
        way: how the robot goes to the goal, one of WAYS.
        searches: number of route searches for this goal.
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
        """Forget the route: the goal changed, or the robot was moved."""
        self._finder.restart()
        if self._contacts is not None:
            self._contacts.restart()
        self._search: RouteSearch | None = None
        self._root: EncodedGoal | None = None  # where the robot was when the search began
        self._place: EncodedGoal | None = None  # where the robot was when it last made progress
        self._waited, self._stuck = 0, False  # control steps since then; whether too many
        self._tried, self._detour = 0, False  # control steps straight to the goal; whether to stop trying
        self._route: Route | None = None
        self._age, self._passed, self._pursued = 0, 0, 0
        self.way, self.searches = DIRECT, 0

    @property
    def route_at(self) -> tuple[int, int] | None:
        """Index of the pursued state of the route, and the number of its states; None without a route."""
        return None if self._route is None else (self._pursued, len(self._route))

    def observe(self, state: Tensor, stamp_ns: int) -> None:
        """Check at each observation for a wall; if there is a new one, search for another route."""
        if self._contacts is not None and self._contacts.observe(state, stamp_ns) and self._route is not None:
            self._drop(SEARCHING)

    def act(self, action: FloatArray) -> None:
        """Note the action (A,) in [-1, 1] that is executed until the next observation."""
        if self._contacts is not None:
            self._contacts.act(action)

    def subgoal(self, state: Tensor, goal: EncodedGoal, distance: float) -> EncodedGoal | None:
        """Return the subgoal from a state on the way to a goal.

        None if the robot must stay where it is: the search is still running, or no route is known.

        Args:
            state: (Z,) current state.
            goal: the final goal.
            distance: distance from the state to the goal, control steps.
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
        """Count another attempt to go straight to a near goal, and return whether to make it.

        After too many, something is in between, or the goal only looks near: a route must lead there exactly.
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
            self._search = None  # the waiting robot was moved: routes from the old place are invalid
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
        """Return whether to switch to another route: a robot that follows every new one may get nowhere."""
        return sum(found.steps) <= self._settings.longer * sum(followed.steps[self._passed :])

    def _follow(self, route: Route, here: EncodedGoal) -> None:
        """Advance along a route."""
        away, near = self._distances(route.states, here), self._settings.near
        passed = (index + 1 for index, far in enumerate(away) if far <= self._settings.passed)
        self._passed = max(self._passed, *passed, 0)
        self._pursued = self._passed
        # A stuck robot passes one state at a time: a route back and forth would look like no route at all.
        while not self._stuck and max(away[self._pursued : self._pursued + 2], default=near + 1.0) <= near:
            self._pursued += 1
        self._pursued = min(self._pursued, max(self._passed, len(route) - 1))

    def _doubt(self, route: Route, state: Tensor) -> None:
        """Give up a route that the robot cannot follow: the world disagrees with it."""
        last = min(self._pursued, len(route) - 1)
        if self._waited <= self._settings.patience * route.steps[last]:
            return
        self._finder.fail(state, route, last)  # also what counted as passed: it is near, and was not reached
        self._drop(SEARCHING)
        self._waited, self._stuck = 0, True

    def _drop(self, way: str) -> None:
        """Drop the route and the search for now."""
        self._route, self._search, self.way = None, None, way

    def _notice(self, state: Tensor, here: EncodedGoal) -> None:
        """Update whether the robot left the place of its last progress."""
        self._waited += 1
        if self._is_away(state, self._place):
            self._place, self._waited, self._stuck = here, 0, False

    def _is_away(self, state: Tensor, place: EncodedGoal | None) -> bool:
        return place is None or self._distances(state.unsqueeze(0), place)[0] > self._settings.passed
