# SPDX-License-Identifier: Apache-2.0
"""A guide hands out subgoals in order, asks again when one is not reached, and says when no way is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.planning.routes.guide import Guide
from ami_ros.planning.routes.route import Route
from ami_ros.planning.settings import load_planner_settings
from ami_ros.types import DIRECT, NO_WAY, ROUTE, SEARCHING

SETTINGS = dataclasses.replace(load_planner_settings().routes["learned"], near=1.0, passed=0.5, patience=2.0)
STRIDE = 1.0
GOAL = EncodedGoal([torch.tensor([10.0])], [0], "slow")


class Line:
    """Routes along a line, in strides of 2, or through some places."""

    def __init__(self, known: bool = True, takes: int = 1, places: Sequence[float] = ()) -> None:
        self.known, self.takes, self.places = known, takes, places
        self.asked = 0
        self.restart()

    def restart(self) -> None:
        self.failed: list[tuple[float, float]] = []

    def begin(self, state: Tensor, goal: EncodedGoal, within: float) -> Line:
        self.asked, self.within = self.asked + 1, within
        places = self.places or [float(state[0]) + 2.0 * n for n in range(1, 5)]
        states = torch.tensor(places).unsqueeze(1)
        self.route = Route(states, (3.0,) * len(states)) if self.known else None
        self.left = self.takes
        return self

    def advance(self, waited_for: bool) -> bool:
        self.left -= 1
        return self.left <= 0

    def forgive(self) -> None:
        self.failed.clear()

    def fail(self, state: Tensor, route: Route, last: int) -> None:
        self.failed.extend((float(state[0]), float(place[0])) for place in route.states[: last + 1])


class Feeler:
    """Feels something when it is told to."""

    felt = False

    def restart(self) -> None:
        self.felt = False

    def observe(self, state: Tensor, stamp_ns: int) -> bool:
        return self.felt

    def act(self, action) -> None:
        self.acted = action


def guide(line: Line, feeler: Feeler | None = None, **changes) -> Guide:
    return Guide(
        line,
        lambda state: EncodedGoal([state], [0], "slow"),
        lambda states, goal: (states - goal.targets[0]).abs()[:, 0].tolist(),
        dataclasses.replace(SETTINGS, **changes),
        STRIDE,
        feeler,
    )


def pursued(it: Guide, x: float) -> float | None:
    found = it.subgoal(torch.tensor([x]), GOAL, abs(x - float(GOAL.targets[0][0])))
    return None if found is None else float(found.targets[0][0])


def test_subgoals_come_in_order_and_the_goal_last():
    it = guide(Line())
    seen = [pursued(it, 0.5 * step) for step in range(20)]
    assert seen[0] == 2.0 and seen[-1] == 10.0
    assert seen == sorted(seen)
    assert it.way == DIRECT


def test_another_route_is_looked_for_on_the_way_and_the_old_one_kept_until_there_is_one():
    line = Line()
    it = guide(line)
    assert [pursued(it, 0.1 * step) for step in range(4)] == [2.0] * 4, (
        "a route is good for as long as its first step"
    )
    line.takes = 2
    seen = [pursued(it, x) for x in (0.4, 0.5, 0.6)]
    assert seen == pytest.approx([2.0, 2.4, 2.4]), "a new one, from where it was looked for"
    assert (it.searches, it.way, line.failed) == (2, ROUTE, [])
    line.known, line.takes = False, 1
    assert pursued(it, 0.7) == pytest.approx(2.4) and pursued(it, 0.8) is not None and it.way == ROUTE


@pytest.mark.parametrize(("longer", "then"), [(1.0, 2.0), (1.5, 2.5)])
def test_a_longer_route_is_left_alone_if_that_is_asked_for(longer, then):
    line = Line(places=[2.0, 4.0, 6.0])
    it = guide(line, longer=longer)
    assert pursued(it, 0.0) == 2.0
    line.places = [2.5, 3.5, 4.5, 6.0]  # four states instead of three
    for _ in range(5):
        last = pursued(it, 0.4)
    assert (last, it.searches > 1) == (then, True)


def test_a_goal_that_is_near_needs_no_route():
    line = Line()
    it = guide(line)
    assert pursued(it, 9.5) == 10.0
    assert (line.asked, it.way) == (0, DIRECT)


def test_who_goes_straight_to_a_goal_for_too_long_takes_a_route_to_the_very_place():
    line = Line(places=[7.0, 9.75])
    it = guide(line)  # tries for 2 control steps
    assert [pursued(it, x) for x in (9.1, 9.3)] == [10.0] * 2 and line.asked == 0
    assert [pursued(it, x) for x in (9.1, 8.0, 7.0)] == [7.0, 7.0, 9.75], "it is near, and goes round"
    assert (line.asked, line.within, it.way) == (1, SETTINGS.passed, ROUTE)
    assert pursued(it, 9.75) == 10.0 and it.way == ROUTE
    assert pursued(it, 9.8) == 10.0 and it.way == DIRECT


def test_who_is_all_but_there_needs_no_route_however_long_that_takes():
    line = Line()
    it = guide(line)
    assert [pursued(it, x) for x in [9.6] * 20 + [9.4]] == [10.0] * 21 and line.asked == 0


def test_where_there_is_no_way_round_it_goes_straight_again():
    line = Line(known=False)
    it = guide(line)
    seen = [pursued(it, 9.1) for _ in range(6)]
    assert seen == [10.0, 10.0, None, 10.0, 10.0, None] and line.within == SETTINGS.passed
    line.known = True
    assert pursued(it, 5.0) is not None and line.within == SETTINGS.near, "far away any way will do"


def test_the_last_state_that_is_near_is_pursued():
    it = guide(Line(), near=3.0)
    assert [pursued(it, 0.0), pursued(it, 0.9), pursued(it, 1.1)] == [2.0, 2.0, 4.0]


def test_what_is_near_beyond_something_far_is_not_pursued_there_may_be_a_wall_between():
    it = guide(Line(places=[2.0, 4.0, 1.5]), near=3.0)
    assert pursued(it, 0.0) == 2.0


def test_states_that_were_skipped_count_as_passed():
    it = guide(Line(places=[2.0, 4.0, 6.0, 8.0]))
    assert [pursued(it, x) for x in (0.0, 6.1)] == [2.0, 8.0]
    assert pursued(it, 8.1) == 10.0, "beyond the last state there is the goal"


def test_who_stays_in_one_place_is_stuck_and_takes_other_ways_step_by_step():
    line = Line(places=[2.0, 2.5, 4.0])
    it = guide(line, near=3.0)
    assert [pursued(it, 0.1 * (step % 2)) for step in range(7)] == [2.5] * 7 and line.failed == []
    assert pursued(it, 0.1) is not None and pursued(it, 0.0) == 2.0
    assert {place for _, place in line.failed} == {2.0, 2.5}, "it got to neither"
    assert pursued(it, 0.6) == 2.5, "it moves, and looks ahead again"


def test_no_way_is_told_and_asked_for_again():
    line = Line(known=False)
    it = guide(line)
    assert pursued(it, 0.0) is None and it.way == NO_WAY
    line.known = True
    assert pursued(it, 0.0) == 2.0 and it.way == ROUTE


def test_while_a_way_is_looked_for_it_stays():
    line = Line(takes=3)
    it = guide(line)
    assert [pursued(it, 0.0) for _ in range(3)] == [None, None, 2.0]
    assert (it.way, it.searches, line.asked) == (ROUTE, 1, 1)
    it.restart()
    assert pursued(it, 0.0) is None and it.way == SEARCHING


def test_a_robot_that_was_moved_while_it_waits_looks_for_a_way_from_where_it_is_now():
    line = Line(takes=3)
    it = guide(line)
    assert [pursued(it, x) for x in (0.0, 0.4)] == [None, None] and line.asked == 1, "it moved a little"
    assert [pursued(it, x) for x in (3.0, 3.0, 3.0)] == [None, None, 5.0]
    assert line.asked == 2


def test_a_restart_forgets_the_route():
    it = guide(Line())
    pursued(it, 0.0)
    it.restart()
    assert pursued(it, 5.0) == 7.0 and it.searches == 1


def test_who_feels_a_wall_looks_for_another_way():
    line, feeler = Line(), Feeler()
    it = guide(line, feeler)
    assert pursued(it, 0.0) is not None and line.asked == 1
    it.act(0.5)
    assert feeler.acted == 0.5
    it.observe(torch.tensor([0.0]), 1)
    assert it.way == ROUTE
    feeler.felt = True
    it.observe(torch.tensor([0.0]), 2)
    assert it.way == SEARCHING
    assert pursued(it, 0.0) is not None and line.asked == 2
    it.restart()
    assert not feeler.felt
