# SPDX-License-Identifier: Apache-2.0
"""A guide hands out subgoals in order, asks again when one is not reached, and says when no way is known."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from ami_ros.model.runtime import EncodedGoal
from ami_ros.planning.routes.guide import Guide
from ami_ros.planning.routes.route import Route
from ami_ros.planning.settings import load_planner_settings
from ami_ros.types import DIRECT, NO_WAY, ROUTE, SEARCHING

SETTINGS = dataclasses.replace(load_planner_settings().routes["learned"], near=1.0, passed=0.5, patience=2.0)
GOAL = EncodedGoal([torch.tensor([10.0])], [0])


class Line:
    """Routes along a line, in strides of 2."""

    def __init__(self, known: bool = True, takes: int = 1) -> None:
        self.known, self.takes = known, takes
        self.failed: list[float] = []
        self.asked = 0

    def begin(self, state: Tensor, goal: EncodedGoal) -> Line:
        self.asked += 1
        states = torch.arange(float(state[0]) + 2.0, 10.0, 2.0).unsqueeze(1)
        self.route = Route(states, (3.0,) * len(states)) if self.known else None
        self.left = self.takes
        return self

    def advance(self) -> bool:
        self.left -= 1
        return self.left <= 0

    def forgive(self) -> None:
        self.failed.clear()

    def fail(self, route: Route, index: int) -> None:
        self.failed.append(float(route.states[index, 0]))


def guide(line: Line, **changes) -> Guide:
    return Guide(
        line,
        lambda state: EncodedGoal([state], [0]),
        lambda state, goal: float((state - goal.targets[0]).abs()[0]),
        dataclasses.replace(SETTINGS, **changes),
    )


def pursued(it: Guide, x: float) -> float | None:
    found = it.subgoal(torch.tensor([x]), GOAL)
    return None if found is None else float(found.targets[0][0])


def test_subgoals_come_in_order_and_the_goal_last():
    it = guide(Line())
    seen = [pursued(it, 0.5 * step) for step in range(20)]
    assert seen[0] == 2.0 and seen[3] == 4.0 and seen[-1] == 10.0
    assert seen == sorted(seen)
    assert it.way == DIRECT and it.searches == 1


def test_a_goal_that_is_near_needs_no_route():
    line = Line()
    it = guide(line)
    assert pursued(it, 9.5) == 10.0
    assert (line.asked, it.way) == (0, DIRECT)


def test_a_state_is_not_stopped_at_where_the_next_can_be_pursued_directly():
    it = guide(Line(), near=3.0)
    assert [pursued(it, 0.0), pursued(it, 0.9)] == [2.0, 2.0]
    assert pursued(it, 1.1) == 4.0
    assert pursued(it, 0.9) == 4.0, "it goes back to none"
    assert pursued(it, 7.6) == 10.0, "beyond the last state there is the goal"


def test_states_that_were_skipped_count_as_passed():
    it = guide(Line())
    pursued(it, 0.0)
    assert pursued(it, 6.1) == 8.0


def test_what_is_not_reached_in_time_has_failed_and_another_route_is_asked_for():
    line = Line()
    it = guide(line)
    for _ in range(7):
        assert pursued(it, 0.0) == 2.0
    assert (line.failed, it.searches) == ([], 1)
    assert pursued(it, 0.25) == 2.25
    assert (line.failed, it.searches) == ([2.0], 2)


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


def test_a_restart_forgets_the_route():
    it = guide(Line())
    pursued(it, 0.0)
    it.restart()
    assert pursued(it, 5.0) == 7.0 and it.searches == 1
