# SPDX-License-Identifier: Apache-2.0
"""A wall that the model does not know is felt where the robot does not get on, and routes lead around it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from robots import made_up_robot
from two_rooms import at, goal, stopped_clock_ns, two_rooms

from ami_ros.planning.routes.contacts import LATE_NS, Contact, ContactSense
from ami_ros.planning.routes.guides import guide_of
from ami_ros.planning.routes.imagined import ImaginedRoutes
from ami_ros.planning.settings import load_planner_settings
from ami_ros.planning.stopwatch import Stopwatch
from ami_ros.types import ROUTE, SEARCHING

SPEC = made_up_robot()
STEP_NS, STEPS = SPEC.step_ns, SPEC.action_block
LATE = math.ceil(LATE_NS / STEP_NS)  # control steps that an action may begin late
SETTINGS = dataclasses.replace(load_planner_settings().routes["learned"], near=1.5, radius=1.0)


def sense(model) -> ContactSense:
    return ContactSense(model, SPEC, SETTINGS)


def moved(it: ContactSense, way: float, *places: float) -> bool:
    """Go along x, `way` predicted for each block, and be at these places after each step; whether a wall was felt."""
    action = np.zeros(SPEC.action_size)
    action[0] = way
    for step, x in enumerate(places):
        if it.observe(at(x, 0.0), step * STEP_NS):
            return True
        it.act(action)
    return False


@pytest.fixture
def model():
    return two_rooms(None, coarse_knows=False, predictor_knows=False)


@pytest.fixture
def wall(model) -> Contact:
    """What is felt by who wants to cross the border between the rooms, and stays where it is."""
    it = sense(model)
    assert moved(it, 2.0, *[-0.1] * (LATE + STEPS + 1))
    return it.walls[0]


def test_who_gets_on_as_predicted_feels_nothing(model):
    assert not moved(sense(model), 2.0, *np.linspace(-6.0, -6.0 + 2.0 * 4, 4 * STEPS + 1))


def test_a_wall_is_where_the_robot_is_and_lies_in_the_direction_that_is_missing(wall):
    assert float(wall.into.norm()) == pytest.approx(1.0)
    here, behind, back = wall.here, wall.here + 2.0 * wall.into, wall.here - 2.0 * wall.into
    assert wall.stops(here[None], behind[None]).item()
    assert not wall.stops(here[None], back[None]).item()
    assert not wall.stops(behind[None], (behind + wall.into)[None]).item(), "on its other side"


def test_a_wall_ends_somewhere(wall):
    aside = torch.zeros_like(wall.into)
    aside[int(wall.into.abs().argmin())] = 1.0
    aside -= (aside @ wall.into) * wall.into
    for share, stops in ((0.5, True), (1.5, False)):
        start = wall.here + share * SETTINGS.wall * SETTINGS.radius * aside / aside.norm()
        assert wall.stops(start[None], (start + 2.0 * wall.into)[None]).item() is stops


def test_a_robot_that_was_held_for_less_than_the_radius_feels_nothing(model):
    assert not moved(sense(model), 0.9 * SETTINGS.radius, *[-0.1] * (LATE + STEPS + 1))


def test_a_model_that_errs_by_more_feels_walls_later(model):
    how = dataclasses.replace(SETTINGS, felt=2.0)
    assert moved(sense(model), 1.5 * SETTINGS.radius, *[-0.1] * (LATE + STEPS + 1))
    assert not moved(ContactSense(model, SPEC, how), 1.5 * SETTINGS.radius, *[-0.1] * (LATE + STEPS + 1))
    assert moved(ContactSense(model, SPEC, how), 2.5 * SETTINGS.radius, *[-0.1] * (LATE + STEPS + 1))


def test_who_hits_fast_is_felt_soon_and_who_presses_slowly_in_the_end():
    model = two_rooms(None, coarse_knows=False, predictor_knows=False, macro_blocks=3)
    fast, slow = 1.5 * SETTINGS.radius, 0.5 * SETTINGS.radius
    assert moved(sense(model), fast, *[-0.1] * (LATE + STEPS + 1))
    assert not moved(sense(model), slow, *[-0.1] * (LATE + 2 * STEPS + 1))
    assert moved(sense(model), slow, *[-0.1] * (LATE + 3 * STEPS + 1))


def test_each_wall_is_felt_once_and_one_that_is_got_through_is_none(model):
    """So it is with a robot that others hold or slow down."""
    it = sense(model)
    assert moved(it, 2.0, *[-0.1] * (LATE + STEPS + 1))
    it.act(np.zeros(SPEC.action_size))
    assert not moved(it, 2.0, *[-0.1] * (LATE + STEPS + 1)), "known already"
    assert len(it.walls) == 1
    it.observe(at(2.0, 0.0), 10**12)
    assert it.walls == []
    it.observe(at(-0.1, 0.0), 2 * 10**12)
    assert moved(it, 2.0, *[-0.1] * (LATE + STEPS + 1))
    it.restart()
    assert it.walls == []


def test_who_gets_through_next_to_where_it_touched_a_wall_knows_that_it_ends_there(model):
    it = sense(model)
    assert moved(it, 2.0, *[-0.1] * (LATE + STEPS + 1))
    width = it.walls[0].width
    for place, time_ns in ((at(-1.0, 1.6), 1), (at(2.0, 1.6), 2)):
        it.observe(place, time_ns * 10**12)
    assert len(it.walls) == 1 and 1.0 < it.walls[0].width < 2.0 < width


@pytest.mark.parametrize(("wall", "way"), [(2.5, SEARCHING), (0.0, ROUTE)])
def test_walls_without_width_are_not_felt(model, wall, way):
    how = dataclasses.replace(SETTINGS, wall=wall)
    settings = dataclasses.replace(load_planner_settings(), route="learned", routes={"learned": how})
    guide = guide_of(model, SPEC, settings, None, stopped_clock_ns)
    here, action = at(-0.1, 0.0), np.zeros(SPEC.action_size)
    action[0] = 2.0
    while guide.way != ROUTE:
        pursued = guide.subgoal(here, goal(6.0, 0.0), 6.0)
    assert pursued is not None and pursued.on_the_way
    for step in range(LATE + STEPS + 1):
        guide.observe(here, step * STEP_NS)
        guide.act(action)
    assert guide.way == way


def test_after_a_gap_it_waits_for_whole_blocks(model):
    it = sense(model)
    assert not moved(it, 2.0, *[-0.1] * (LATE + STEPS))
    assert not it.observe(at(-0.1, 0.0), (LATE + STEPS + 5) * STEP_NS)
    assert not it.observe(at(-0.1, 0.0), (LATE + STEPS + 6) * STEP_NS)


@pytest.mark.parametrize("late", [*range(LATE + 1), LATE + STEPS])
def test_who_sets_off_late_has_not_hit_a_wall_unless_it_is_later_than_actions_may_be(model, late):
    """Plan, gate and actuators take their time."""
    steps = np.arange(5 * STEPS + LATE) - LATE
    places = -9.0 + 2.0 / STEPS * np.clip(steps - late, 0, None)
    it, action = sense(model), np.zeros(SPEC.action_size)
    felt = False
    for step, x in zip(steps, places, strict=True):
        felt |= it.observe(at(float(x), 0.0), int(step) * STEP_NS)
        action[0] = 2.0 if step >= 0 else 0.0
        it.act(action)
    assert felt == (late > LATE)


def test_routes_lead_around_what_was_felt_until_that_leaves_no_way(model):
    it = sense(model)
    routes = ImaginedRoutes(model, STEPS, SETTINGS, it, Stopwatch(stopped_clock_ns, 1.0))

    def crossing() -> float:
        search = routes.begin(at(-3.0, 0.0), goal(3.0, 0.0), SETTINGS.near)
        while not search.advance(True):
            pass
        way = torch.cat([at(-3.0, 0.0)[None], search.route.states])
        first = int((way[:, 0] > 0.0).nonzero()[0])
        return float(way[first, 1])

    assert abs(crossing()) < 1.0
    assert moved(it, 2.0, *[-0.1] * (LATE + STEPS + 1))
    ways = [abs(crossing())]
    for _ in range(6):
        routes.forgive()
        ways.append(abs(crossing()))
    assert ways[0] > 2.0 and ways[-1] < 1.0
    assert any(1.0 < way < ways[0] - 0.5 for way in ways), "first they are taken for narrower"
