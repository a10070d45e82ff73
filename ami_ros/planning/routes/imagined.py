# SPDX-License-Identifier: Apache-2.0
"""Routes never travelled before: a tree of imagined states, grown with the coarse predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.points import points_of, targets_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.routes.cloud import Cloud
from ami_ros.planning.routes.contacts import Contact, ContactSense
from ami_ros.planning.routes.route import Route
from ami_ros.planning.routes.settings import LearnedRouteSettings
from ami_ros.planning.stopwatch import Stopwatch

AT_ONCE = 32  # states expanded at once
BITS = 4  # expansions between two plans
WAITING_BITS = 16  # while the robot stands still without a route: its plans can wait
EAGER = 1.5  # weight of the remaining distance: fewer expansions, and routes are hardly longer
FINER = 0.7  # share of `radius`: how near states may be to each other when a search is stuck
CLOSER_LOOKS = 6  # how often that is tried
MOST = 2.0  # of `radius`: if predictions may differ by more and there is no route, the walls are too wide
MORE = 1.5  # factor on how far predictions may differ after a search that found no route


@dataclass(frozen=True, eq=False)
class Barred:
    """States that were not reached from one place.

    Attributes:
        here: the place, a point (P,).
        ends: predicted points from there (N, P).
        width: states as near as this to one of them are not reached either, control steps.
    """

    here: Tensor
    ends: Tensor
    width: float

    def of(self, parents: Tensor, points: Tensor, radius: float) -> Tensor:
        """Return (N,) bool: which of the points (N, P) are barred, coming from their parents (N, P)."""
        start: Tensor = torch.linalg.vector_norm(parents - self.here, dim=1) <= radius
        return start & (torch.cdist(points, self.ends).amin(dim=1) <= self.width)


@dataclass(frozen=True, eq=False)
class Known:
    """What the robot learned on its way to this goal.

    Attributes:
        failed: states that were not reached.
        walls: walls found by contact.
        agreement: how far predictions may differ, control steps.
    """

    failed: Sequence[Barred]
    walls: Sequence[Contact]
    agreement: float


class ImaginedRoutes:
    """Grows a tree from the robot's state until one of its states is near the goal.

    Every macro-action of the model expands each state. A successor near an existing state is dropped, so the
    tree spreads over everything reachable, around walls, instead of growing into them. A new state is
    predicted again, step by step, and kept if both predictions agree: neither is reliable elsewhere. This
    test does not find all routes through walls; contacts find the rest. If a search finds no route, the
    predictions may differ more. The states with the shortest route to the goal, if nothing were in between,
    are expanded first; the remaining distance weighs more than the travelled one.

    Source: Hart, Nilsson and Raphael, "A formal basis for the heuristic determination of minimum cost paths"
    (1968), and Pohl, "Heuristic search viewed as path finding in a graph" (1970), for the order; LaValle,
    "Rapidly-exploring random trees" (1998), for trees grown by the dynamics.

    Args:
        model: model with a coarse predictor.
        step_count: control steps per macro-action.
        settings: spacing of the states, distance to the goal that is near enough, and largest tree.
        contacts: holds the walls that routes must not cross.
        stopwatch: limits the search between two plans.
    """

    def __init__(
        self,
        model: ModelRuntime,
        step_count: int,
        settings: LearnedRouteSettings,
        contacts: ContactSense,
        stopwatch: Stopwatch,
    ) -> None:
        self._model, self._step_count, self._settings = model, step_count, settings
        self._contacts, self._stopwatch = contacts, stopwatch
        self.restart()

    def restart(self) -> None:
        """Forget all failures, and trust predictions that agree within `radius`."""
        self._failed: list[Barred] = []
        self._agreement = self._settings.radius

    def begin(self, state: Tensor, goal: EncodedGoal, within: float) -> TreeSearch:
        """Begin to search for a short route from state (Z,) to within `within` control steps of a goal."""
        known = Known(self._failed, self._contacts.walls, self._agreement)
        how = replace(self._settings, near=within)
        return TreeSearch(self._model, self._step_count, how, state, goal, known, self._stopwatch)

    def fail(self, state: Tensor, route: Route, last: int) -> None:
        """Bar routes from state (Z,) to the states that were not reached from there.

        Another failure there doubles the barred width: the model is wrong about more than one state.
        """
        points = points_of(self._model, torch.cat([state.unsqueeze(0).cpu(), route.states[: last + 1]])).cpu()
        here, ends, radius = points[0], points[1:], self._settings.radius
        before = [bar.width for bar in self._failed if torch.linalg.vector_norm(bar.here - here) <= radius]
        self._failed.append(Barred(here, ends, 2.0 * max(before) if before else radius))

    def forgive(self) -> None:
        """Allow the failed states again, and trust more predictions: a cautious search finds no route.

        If that was not enough, the walls become narrower and finally vanish: something else may have
        resisted.
        """
        self._failed.clear()
        if self._agreement > MOST * self._settings.radius:
            self._contacts.narrow()
        self._agreement *= MORE


class TreeSearch:
    """One search, see `ImaginedRoutes`.

    Attributes:
        route: the route found.
    """

    def __init__(
        self,
        model: ModelRuntime,
        step_count: int,
        settings: LearnedRouteSettings,
        state: Tensor,
        goal: EncodedGoal,
        known: Known,
        stopwatch: Stopwatch,
    ) -> None:
        self._model, self._step_count, self._settings = model, step_count, settings
        self._known, self._stopwatch = known, stopwatch
        self._target = targets_of(model, goal)
        self._states = state.unsqueeze(0).cpu()
        self._cloud = Cloud(points_of(model, self._states).cpu())
        self._parents = torch.tensor([-1])
        self._steps = torch.zeros(1)  # control steps from the root to each state
        self._away = torch.linalg.vector_norm(self._cloud.points - self._target, dim=1)
        self._open = torch.ones(1, dtype=torch.bool)  # not expanded yet
        self._led_on = 0  # number of expansions
        self._radius, self._closer_looks = settings.radius, 0
        self.route: Route | None = None

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self._states)

    def advance(self, waited_for: bool) -> bool:
        """Expand some states; return whether the goal is reached or nothing is left to expand.

        It always makes at least one expansion, which takes longer the larger the tree.
        """
        self._stopwatch.start()
        for bit in range(WAITING_BITS if waited_for else BITS):
            if bit and self._stopwatch.is_over:
                return False
            if self._led_on >= self._settings.most or not (self._open.any() or self._look_closer()):
                return True
            length = torch.where(self._open, self._steps + EAGER * self._away, torch.inf)
            count = min(AT_ONCE, int(self._open.sum()))
            before = len(self._states)
            self._led_on += count
            self._grow(length.topk(count, largest=False).indices)
            if self._arrived(before):
                return True
        return False

    def _look_closer(self) -> bool:
        """Reopen all states with a finer spacing, until a new one is found; return whether attempts are left.

        In a narrow place, as in a corner, no macro-action leads far.
        """
        self._closer_looks += 1
        self._radius = FINER * self._settings.radius
        self._open = torch.ones(len(self._states), dtype=torch.bool)
        return self._closer_looks <= CLOSER_LOOKS

    def _arrived(self, first: int) -> bool:
        """Return whether a state from index `first` on is near the goal; if so, set the route."""
        away = self._away[first:]
        if not len(away) or float(away.min()) > self._settings.near:
            return False
        way = [first + int(away.argmin())]
        while self._parents[way[-1]] > 0:
            way.append(int(self._parents[way[-1]]))
        way.reverse()
        self.route = Route(self._states[way], (float(self._step_count),) * len(way))
        return True

    def _grow(self, some: Tensor) -> None:
        """Add the new successors of some states, given by their indices."""
        with torch.inference_mode():
            ahead = self._model.world.imagine(self._states[some].to(self._model.device)).cpu()
        parents, radius = some.repeat_interleave(ahead.shape[1]), self._radius
        states = ahead.flatten(0, 1)
        points = points_of(self._model, states).cpu()
        steps = self._steps[parents] + self._step_count
        away = torch.linalg.vector_norm(points - self._target, dim=1)
        new = self._is_new(parents, points, away, radius)
        rows = torch.nonzero(new).flatten()
        # Arriving states come first: states on the way must not replace them.
        order = torch.where(away <= self._settings.near, away - self._settings.near, steps + away)
        rows = rows[order[rows].argsort(stable=True)]
        chosen = rows[_apart(points[rows], radius)]
        states, points, sure = self._looked_at(parents[chosen], chosen % ahead.shape[1], points[chosen])
        away = torch.linalg.vector_norm(points - self._target, dim=1)
        sure &= self._is_new(parents[chosen], points, away, radius)
        rows = torch.nonzero(sure).flatten()
        rows = rows[_apart(points[rows], radius)]
        if len(rows):
            self._radius = self._settings.radius
        self._open[some] = False
        self._open = torch.cat([self._open, torch.ones(len(rows), dtype=torch.bool)])
        self._states = torch.cat([self._states, states[rows]])
        self._cloud.add(points[rows])
        self._parents = torch.cat([self._parents, parents[chosen][rows]])
        self._steps = torch.cat([self._steps, steps[chosen][rows]])
        self._away = torch.cat([self._away, away[rows]])

    def _is_new(self, parents: Tensor, points: Tensor, away: Tensor, radius: float) -> Tensor:
        """Return (N,) bool: which points (N, P) are not near an existing one and not barred.

        All points near the goal, by their distance `away` (N,) from it, are new: a search must come nearer to
        it than its states are to each other.
        """
        new: Tensor = (self._cloud.distances(points) > radius) | (away <= self._settings.near)
        starts = self._cloud.points[parents]
        for bar in self._known.failed:
            new &= ~bar.of(starts, points, self._settings.radius)
        for wall in self._known.walls:
            new &= ~wall.stops(starts, points)
        return new

    def _looked_at(self, parents: Tensor, macros: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return where macro-actions lead step by step: states (N, Z), points (N, P), and which are trusted.

        Args:
            parents: (N,) indices of their start states.
            macros: (N,) indices of the macro-actions.
            coarse: (N, P) points of the coarse predictor.
        """
        states = self._states[parents].to(self._model.device)
        actions = self._model.buffer("coarse.0.macros")[macros.to(self._model.device)]
        with torch.inference_mode():
            for action in actions.chunk(self._model.contract.macro_blocks, dim=1):
                states = self._model.world.predict(states, action)
        points = points_of(self._model, states).cpu()
        agree = torch.linalg.vector_norm(points - coarse, dim=1) <= self._known.agreement
        return states.cpu(), points, agree


def _apart(points: Tensor, radius: float) -> list[int]:
    """Return the indices of points (N, P) further apart than `radius`; earlier points win."""
    close = (torch.cdist(points, points) <= radius).numpy()
    free, kept = np.ones(len(points), dtype=bool), []
    for index in range(len(points)):
        if free[index]:
            kept.append(index)
            free &= ~close[index]
    return kept
