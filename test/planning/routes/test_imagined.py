# SPDX-License-Identifier: Apache-2.0
"""Imagined routes lead through the door, wherever it is, and never through the wall."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import pytest
import torch
from robots import made_up_robot
from torch import Tensor
from two_rooms import DOOR, STRIDE, Walls, at, goal, stopped_clock_ns, two_rooms

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.routes.contacts import ContactSense
from ami_ros.planning.routes.imagined import ImaginedRoutes
from ami_ros.planning.routes.route import Route
from ami_ros.planning.routes.settings import LearnedRouteSettings
from ami_ros.planning.settings import load_planner_settings
from ami_ros.planning.stopwatch import Stopwatch

SPEC = made_up_robot()
SETTINGS = dataclasses.replace(
    load_planner_settings().routes["learned"], near=1.5, passed=1.0, radius=1.0, most=1000
)


def routes_of(
    model: ModelRuntime, settings: LearnedRouteSettings, clock_ns: Callable[[], int] = stopped_clock_ns
) -> ImaginedRoutes:
    contacts, stopwatch = ContactSense(model, SPEC, settings), Stopwatch(clock_ns, 1.0)
    return ImaginedRoutes(model, SPEC.action_block, settings, contacts, stopwatch)


def found(
    routes: ImaginedRoutes, state: Tensor, wanted: EncodedGoal, within: float = SETTINGS.near
) -> Route | None:
    search = routes.begin(state, wanted, within)
    while not search.advance(True):
        pass
    return search.route


@pytest.mark.parametrize("door", [DOOR, -7.0])
def test_the_way_leads_through_the_door(door):
    model = two_rooms(door)
    route = found(routes_of(model, SETTINGS), at(-6.0, 0.0), goal(6.0, 0.0))
    assert route is not None and route.steps == (2.0,) * len(route)
    places = torch.cat([at(-6.0, 0.0)[None, :2], route.states[:, :2]])
    strides = (places[1:] - places[:-1]).norm(dim=1)
    assert float(strides.max()) < STRIDE + 1e-4 and float(strides.min()) > SETTINGS.radius
    assert not model.world.model.coarse[0].walls.blocked(places[:-1], places[1:]).any()
    assert float((places[-1] - torch.tensor([6.0, 0.0])).norm()) <= SETTINGS.near
    around = 2.0 * float(torch.tensor([6.0, door]).norm())
    assert len(route) * STRIDE < 1.3 * around, "no detour"


@pytest.mark.parametrize("place", [(-6.0, 5.0), (-3.3, -4.1), (6.0, 0.0), (4.7, 3.2)])
def test_it_comes_nearer_to_the_goal_than_its_states_are_to_each_other(place):
    route = found(routes_of(two_rooms(), SETTINGS), at(-6.0, 0.0), goal(*place), within=0.4)
    assert route is not None
    assert float((route.states[-1][:2] - torch.tensor(place)).norm()) <= 0.4


def test_no_way_is_known_through_a_door_that_is_shut():
    routes = routes_of(two_rooms(None), SETTINGS)
    assert found(routes, at(-6.0, 0.0), goal(6.0, 0.0)) is None
    assert found(routes, at(-6.0, 0.0), goal(-6.0, 8.0)) is not None


@pytest.mark.parametrize("mistaken", ["coarse_knows", "predictor_knows"])
def test_what_one_predictor_believes_and_the_other_does_not_is_no_way(mistaken):
    shut = routes_of(two_rooms(None, **{mistaken: False}), SETTINGS)
    assert found(shut, at(-6.0, 0.0), goal(6.0, 0.0)) is None
    route = found(routes_of(two_rooms(**{mistaken: False}), SETTINGS), at(-6.0, 0.0), goal(6.0, 0.0))
    places = torch.cat([at(-6.0, 0.0)[None, :2], route.states[:, :2]])
    assert not Walls(DOOR).blocked(places[:-1], places[1:]).any()


def test_where_the_predictors_differ_by_more_than_the_radius_neither_is_believed():
    for reach, differs in ((0.6, False), (0.4, True)):  # by 0.8 and by 1.2
        model = two_rooms()
        model.world.model.predictor.reach = reach
        wide = dataclasses.replace(SETTINGS, most=200)
        assert (found(routes_of(model, wide), at(-6.0, 0.0), goal(-6.0, 4.0)) is None) == differs


def test_after_a_search_without_a_way_they_may_differ_more_until_the_goal_is_another():
    model = two_rooms()
    model.world.model.predictor.reach = 0.4  # by 1.2
    routes = routes_of(model, dataclasses.replace(SETTINGS, most=200))
    assert found(routes, at(-6.0, 0.0), goal(-6.0, 4.0)) is None
    routes.forgive()
    assert found(routes, at(-6.0, 0.0), goal(-6.0, 4.0)) is not None
    routes.restart()
    assert found(routes, at(-6.0, 0.0), goal(-6.0, 4.0)) is None


def test_a_search_that_does_not_get_on_takes_smaller_strides():
    """At the start no macro-action leads as far as states should be apart; it gets on, and gives up in the end."""
    wide = dataclasses.replace(SETTINGS, radius=1.1 * STRIDE)
    route = found(routes_of(two_rooms(), wide), at(-6.0, 0.0), goal(-6.0, 3.0 * STRIDE))
    assert route is not None and len(route) >= 2
    assert found(routes_of(two_rooms(None), wide), at(-6.0, 0.0), goal(6.0, 0.0)) is None


def test_a_search_ends_where_it_may_lead_on_no_more():
    few = dataclasses.replace(SETTINGS, most=64)
    assert found(routes_of(two_rooms(), few), at(-6.0, 0.0), goal(6.0, 0.0)) is None


def test_what_was_not_reached_is_no_longer_tried_from_there():
    routes = routes_of(two_rooms(None), SETTINGS)
    straight = found(routes, at(-6.0, 0.0), goal(-6.0, 8.0))
    routes.fail(at(-6.0, 0.0), straight, 0)
    other = found(routes, at(-6.0, 0.0), goal(-6.0, 8.0))
    assert float((other.states[0] - straight.states[0])[:2].norm()) > SETTINGS.radius
    routes.fail(at(-6.0, 0.0), other, 0)
    third = found(routes, at(-6.0, 0.0), goal(-6.0, 8.0))
    avoided = (third.states[0] - other.states[0])[:2].norm()
    assert float(avoided) > 2.0 * SETTINGS.radius, "the second failure avoids twice as much"
    elsewhere = at(-3.0, 2.0)
    before = found(routes_of(two_rooms(None), SETTINGS), elsewhere, goal(-6.0, 8.0))
    assert torch.equal(found(routes, elsewhere, goal(-6.0, 8.0)).states, before.states)
    routes.forgive()
    assert torch.equal(found(routes, at(-6.0, 0.0), goal(-6.0, 8.0)).states, straight.states)


def test_the_same_question_has_the_same_answer():
    one, other = (found(routes_of(two_rooms(), SETTINGS), at(-6.0, 0.0), goal(6.0, 0.0)) for _ in "ab")
    assert torch.equal(one.states, other.states)


def test_a_search_is_done_bit_by_bit_of_which_more_are_done_where_it_is_waited_for():
    counts = {}
    for waited_for in (False, True):
        search = routes_of(two_rooms(None), SETTINGS).begin(at(-6.0, 0.0), goal(6.0, 0.0), SETTINGS.near)
        seen = [search.states]
        while not search.advance(waited_for):
            seen.append(search.states)
            assert search.route is None
        assert seen == sorted(seen)
        counts[waited_for] = len(seen)
    assert counts[False] > 2 * counts[True] > 0


def test_a_search_that_takes_too_long_does_one_bit_at_a_time_and_finds_the_same_way():
    hurried = routes_of(two_rooms(), SETTINGS, itertools.count(step=2 * 10**9).__next__)
    calm, counts = routes_of(two_rooms(), SETTINGS), []
    for routes in (hurried, calm):
        search, count = routes.begin(at(-6.0, 0.0), goal(6.0, 0.0), SETTINGS.near), 1
        while not search.advance(True):
            count += 1
        counts.append((count, search.route.states))
    assert counts[0][0] > 4 * counts[1][0]
    assert torch.equal(counts[0][1], counts[1][1])
