# SPDX-License-Identifier: Apache-2.0
"""Routes that nobody travelled: a tree of imagined states, grown with the coarse predictor."""

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

AT_ONCE = 32  # states that are led on from at once
BITS = 4  # how often that is done between two plans
WAITING_BITS = 16  # while the robot stands still because it has no way: its plans can wait as well
EAGER = 1.5  # times as much counts what is left of a way: less is looked at, and ways are hardly longer
FINER = 0.7  # share of `radius`: how near states may be to each other where a search does not get on
CLOSER_LOOKS = 6  # how often that is tried
MOST = 2.0  # of `radius`: where they may differ by more and there is no way, felt walls are too wide
MORE = 1.5  # times as far may predictions differ after a search that found no way


@dataclass(frozen=True, eq=False)
class Barred:
    """What was not reached from one place.

    Attributes:
        here: the place, a point (P,).
        ends: what was promised from there, points (N, P).
        width: states as near as this to one of them are not reached either, control steps.
    """

    here: Tensor
    ends: Tensor
    width: float

    def of(self, parents: Tensor, points: Tensor, radius: float) -> Tensor:
        """Return (N,) bool: which of the points (N, P) lie behind it, as seen from their parents (N, P)."""
        start: Tensor = torch.linalg.vector_norm(parents - self.here, dim=1) <= radius
        return start & (torch.cdist(points, self.ends).amin(dim=1) <= self.width)


@dataclass(frozen=True, eq=False)
class Known:
    """What the robot found out on its way to this goal.

    Attributes:
        failed: what was not reached.
        walls: what was felt.
        agreement: how far predictions may differ, control steps.
    """

    failed: Sequence[Barred]
    walls: Sequence[Contact]
    agreement: float


class ImaginedRoutes:
    """Grows a tree from where the robot is, until one of its states is near the goal.

    Each state is led on by every macro-action of the model. What comes out near a state that is there
    already is dropped, so the tree spreads over all that can be reached, around walls, instead of growing
    into them. What is new is predicted again, step by step, and kept where both predictions agree: neither is
    sure of itself elsewhere. That does not tell ways through walls, of which some are left: those are felt.
    Where it finds no way, they may differ more. First are led on the states whose way to the goal would be
    shortest if nothing were between, what is left of it counting more than what was gone.

    Source: Hart, Nilsson and Raphael, "A formal basis for the heuristic determination of minimum cost paths"
    (1968), and Pohl, "Heuristic search viewed as path finding in a graph" (1970), for the order; LaValle,
    "Rapidly-exploring random trees" (1998), for trees grown by the dynamics.

    Args:
        model: with a coarse predictor.
        step_count: control steps per macro-action.
        settings: how far apart states are, how near the goal is near enough, and how many there may be.
        contacts: knows walls that no route shall lead through.
        stopwatch: of what a search does between two plans.
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
        """Forget what was not reached, and believe where both predictions agree within `radius`."""
        self._failed: list[Barred] = []
        self._agreement = self._settings.radius

    def begin(self, state: Tensor, goal: EncodedGoal, within: float) -> TreeSearch:
        """Begin to look for a short way from state (Z,) to so near a goal, control steps."""
        known = Known(self._failed, self._contacts.walls, self._agreement)
        how = replace(self._settings, near=within)
        return TreeSearch(self._model, self._step_count, how, state, goal, known, self._stopwatch)

    def fail(self, state: Tensor, route: Route, last: int) -> None:
        """Lead no other route from state (Z,) to what was not reached from there.

        Who fails there again avoids twice as much: the model is wrong about more than one state.
        """
        points = points_of(self._model, torch.cat([state.unsqueeze(0).cpu(), route.states[: last + 1]])).cpu()
        here, ends, radius = points[0], points[1:], self._settings.radius
        before = [bar.width for bar in self._failed if torch.linalg.vector_norm(bar.here - here) <= radius]
        self._failed.append(Barred(here, ends, 2.0 * max(before) if before else radius))

    def forgive(self) -> None:
        """Lead to what was not reached, too, and believe more: a cautious search finds no way.

        Walls are taken for narrower where that was not enough, in the end for none: what resisted may be
        something else.
        """
        self._failed.clear()
        if self._agreement > MOST * self._settings.radius:
            self._contacts.narrow()
        self._agreement *= MORE


class TreeSearch:
    """One search, see `ImaginedRoutes`.

    Attributes:
        route: what it found.
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
        self._steps = torch.zeros(1)  # control steps from the first state to each
        self._away = torch.linalg.vector_norm(self._cloud.points - self._target, dim=1)
        self._open = torch.ones(1, dtype=torch.bool)  # not led on yet
        self._led_on = 0  # how often states were
        self._radius, self._closer_looks = settings.radius, 0
        self.route: Route | None = None

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self._states)

    def advance(self, waited_for: bool) -> bool:
        """Lead some states on; return whether the goal is reached, or there is nothing more to look at.

        A bit is done in any case; the larger the tree, the longer one takes.
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
        """Lead all on again, until something new comes that is not as far from the rest; return whether.

        In a narrow place, as in a corner, no macro-action leads far.
        """
        self._closer_looks += 1
        self._radius = FINER * self._settings.radius
        self._open = torch.ones(len(self._states), dtype=torch.bool)
        return self._closer_looks <= CLOSER_LOOKS

    def _arrived(self, first: int) -> bool:
        """Return whether one of the states from index `first` on is near the goal; then there is a route."""
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
        """Add what is new of the states that some states, by their indices, lead to."""
        with torch.inference_mode():
            ahead = self._model.world.imagine(self._states[some].to(self._model.device)).cpu()
        parents, radius = some.repeat_interleave(ahead.shape[1]), self._radius
        states = ahead.flatten(0, 1)
        points = points_of(self._model, states).cpu()
        steps = self._steps[parents] + self._step_count
        away = torch.linalg.vector_norm(points - self._target, dim=1)
        new = self._is_new(parents, points, away, radius)
        rows = torch.nonzero(new).flatten()
        # Those that arrive come first: what is only on the way must not stand in for them.
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
        """Return (N,) bool: which points (N, P) are near none that is there, nor barred from there.

        All are new that are near the goal, by their distance `away` (N,) from it: a search is asked to come
        nearer to it than its states are to each other.
        """
        new: Tensor = (self._cloud.distances(points) > radius) | (away <= self._settings.near)
        starts = self._cloud.points[parents]
        for bar in self._known.failed:
            new &= ~bar.of(starts, points, self._settings.radius)
        for wall in self._known.walls:
            new &= ~wall.stops(starts, points)
        return new

    def _looked_at(self, parents: Tensor, macros: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return where macro-actions lead step by step: states (N, Z), points (N, P), and which are believed.

        Args:
            parents: (N,) indices of the states that they begin at.
            macros: (N,) their own indices.
            coarse: (N, P) points that the coarse predictor says.
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
    """Return the indices of points (N, P), first ones first, that are further apart than this."""
    close = (torch.cdist(points, points) <= radius).numpy()
    free, kept = np.ones(len(points), dtype=bool), []
    for index in range(len(points)):
        if free[index]:
            kept.append(index)
            free &= ~close[index]
    return kept
