# SPDX-License-Identifier: Apache-2.0
"""A wall that the model does not know is felt where the robot does not get on, and routes lead around it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from robots import made_up_robot
from two_rooms import at, goal, two_rooms

from ami_ros.planning.routes.contacts import WIDTH, Contact, ContactSense
from ami_ros.planning.routes.imagined import ImaginedRoutes
from ami_ros.planning.settings import load_planner_settings

SPEC = made_up_robot()
STEP_NS, STEPS = SPEC.step_ns, SPEC.action_block
SETTINGS = dataclasses.replace(load_planner_settings().routes["learned"], near=1.5, radius=1.0)


def sense(model) -> ContactSense:
    return ContactSense(model, SPEC, SETTINGS.radius)


def moved(it: ContactSense, way: float, *places: float) -> Contact | None:
    """Go along x, `way` predicted for each block, and be at these places after each step."""
    action = np.zeros(SPEC.action_size)
    action[0] = way
    for step, x in enumerate(places):
        felt = it.observe(at(x, 0.0), step * STEP_NS)
        if felt is not None:
            return felt
        it.act(action)
    return None


@pytest.fixture
def model():
    return two_rooms(None, coarse_knows=False, predictor_knows=False)


def test_who_gets_on_as_predicted_feels_nothing(model):
    assert moved(sense(model), 2.0, *np.linspace(-6.0, -6.0 + 2.0 * 4, 4 * STEPS + 1)) is None


def test_a_wall_is_where_the_robot_is_and_lies_in_the_direction_that_is_missing(model):
    felt = moved(sense(model), 2.0, *[-0.1] * (STEPS + 1))
    assert felt is not None
    assert float(felt.into.norm()) == pytest.approx(1.0)
    ways = felt.here + 2.0 * felt.into, felt.here - 2.0 * felt.into
    assert felt.stops(felt.here[None], ways[0][None]).item()
    assert not felt.stops(felt.here[None], ways[1][None]).item()
    assert not felt.stops(ways[0][None], ways[0][None] + felt.into).item(), "on its other side"


def test_a_wall_ends_somewhere(model):
    felt = moved(sense(model), 2.0, *[-0.1] * (STEPS + 1))
    aside = torch.zeros_like(felt.into)
    aside[int(felt.into.abs().argmin())] = 1.0
    aside -= (aside @ felt.into) * felt.into
    for share, stops in ((0.5, True), (1.5, False)):
        start = felt.here + share * WIDTH * SETTINGS.radius * aside / aside.norm()
        assert felt.stops(start[None], (start + 2.0 * felt.into)[None]).item() is stops


def test_a_robot_that_was_held_for_less_than_the_radius_feels_nothing(model):
    assert moved(sense(model), 0.9 * SETTINGS.radius, *[-0.1] * (STEPS + 1)) is None


def test_who_hits_fast_is_felt_soon_and_who_presses_slowly_in_the_end():
    model = two_rooms(None, coarse_knows=False, predictor_knows=False, macro_blocks=3)
    fast, slow = 1.5 * SETTINGS.radius, 0.5 * SETTINGS.radius
    assert moved(sense(model), fast, *[-0.1] * (STEPS + 1)) is not None
    assert moved(sense(model), slow, *[-0.1] * (2 * STEPS + 1)) is None
    assert moved(sense(model), slow, *[-0.1] * (3 * STEPS + 1)) is not None


def test_after_a_gap_it_waits_for_whole_macro_actions(model):
    it = sense(model)
    assert moved(it, 2.0, *[-0.1] * STEPS) is None
    assert it.observe(at(-0.1, 0.0), (STEPS + 5) * STEP_NS) is None


def test_routes_lead_around_what_was_felt_until_that_leaves_no_way(model):
    routes = ImaginedRoutes(model, STEPS, SETTINGS)

    def crossing() -> float | None:
        search = routes.begin(at(-3.0, 0.0), goal(3.0, 0.0))
        while not search.advance(True):
            pass
        if search.route is None:
            return None
        way = torch.cat([at(-3.0, 0.0)[None], search.route.states])
        first = int((way[:, 0] > 0.0).nonzero()[0])
        return float(way[first, 1])

    assert abs(crossing()) < 1.0
    felt = moved(sense(model), 2.0, *[-0.1] * (STEPS + 1))
    assert routes.block(felt) and not routes.block(felt), "the second time it is known"
    assert abs(crossing()) > 1.0
    for _ in range(3):
        routes.forgive()
    assert abs(crossing()) < 1.0
    assert routes.block(felt)
    routes.restart()
    assert abs(crossing()) < 1.0
