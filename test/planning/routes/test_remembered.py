# SPDX-License-Identifier: Apache-2.0
"""Routes over a real memory of walks in two rooms: through the door that was used."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from robots import made_up_robot
from two_rooms import DOOR, at, two_rooms

from ami_ros.memory.moment import Episode, Moment
from ami_ros.memory.store import Store
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.planning.factory import experience_of
from ami_ros.planning.routes.remembered import RememberedRoutes
from ami_ros.planning.settings import load_planner_settings

SETTINGS = load_planner_settings(
    {"route": "graph", "routes.graph.radius": 1.5, "routes.graph.reach": 3.0, "deadline_s": 60.0}
)


def goal(x: float, y: float) -> EncodedGoal:
    return EncodedGoal([at(x, y, 11)], [0], "slow")


@pytest.fixture(scope="module")
def spec():
    return made_up_robot()


@pytest.fixture(params=[True, False], ids=["travelled", "believed, too"])
def routes(request, tmp_path, spec):
    """A walk from the west through the door to the east, in steps of a unit."""
    model = two_rooms()
    if request.param:
        architecture = {**model.contract.architecture, "macro_blocks": 0}
        model.contract = dataclasses.replace(model.contract, architecture=architecture)
    corners = [(-6.0, 0.0), (-6.0, DOOR), (6.0, DOOR), (6.0, 0.0)]
    places = [np.array(corners[0])]
    for corner in corners[1:]:
        while np.linalg.norm(np.array(corner) - places[-1]) > 1e-6:
            step = np.array(corner) - places[-1]
            places.append(places[-1] + step / max(1.0, np.linalg.norm(step)))
    file = tmp_path / "robot.sqlite"
    with Store(file) as store:
        moments = [
            Moment(number * spec.step_ns, {}, {}, state=at(*place).numpy())
            for number, place in enumerate(places)
        ]
        episode = store.begin(Episode("reach"))
        store.append([(episode, moment) for moment in moments], model.sha256)
    experience = experience_of(model, spec, SETTINGS, "reach", file)
    return RememberedRoutes(model, experience)


def test_it_leads_through_the_door(routes):
    search = routes.begin(at(-6.0, 0.2), goal(6.0, 0.2), 8.0)
    assert search.advance(True)
    route = search.route
    assert len(route) == len(route.steps)
    x, y = route.states[:, 0], route.states[:, 1]
    crossing = y[(x[:-1] * x[1:] <= 0.0).nonzero().flatten()[0]]
    assert abs(float(crossing) - DOOR) < 1.6
    assert torch.allclose(route.states[-1, :2], torch.tensor([6.0, 0.2]), atol=2.0)


def test_another_way_once_it_failed_too_often_or_none(routes):
    for _ in range(40):
        route = routes.begin(at(-6.0, 0.2), goal(6.0, 0.2), 8.0).route
        if route is None:
            break
        routes.fail(at(-6.0, 0.2), route, len(route) // 2)
    assert route is None or route.states[:, 0].max() < 5.0
    routes.forgive()
    assert routes.begin(at(-6.0, 0.2), goal(6.0, 0.2), 8.0).route is not None


def test_no_memory_is_asked_where_none_is_needed(tmp_path, spec):
    off = load_planner_settings({"deadline_s": 60.0})
    assert experience_of(two_rooms(), spec, off, "reach", tmp_path / "robot.sqlite") is None
    assert experience_of(two_rooms(), spec, SETTINGS, "reach", None) is None
