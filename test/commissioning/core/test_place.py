# SPDX-License-Identifier: Apache-2.0
"""Where a body is; and that the way to a place is what an action that leads there asks for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bodies import mobile_base, process_body

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import load_robot
from ami_ros.commissioning.core.place import BasePlace, place_of
from ami_ros.errors import EmbodimentError
from ami_ros.types import Observation, Reading

PANDA, HUSKY = load_robot("panda"), load_robot("husky")


def panda_at(joints) -> Observation:
    values = np.concatenate([joints, np.zeros(len(joints))])
    return Observation({PANDA.joint_sensor: Reading(values, 5, 6)})


@pytest.mark.parametrize("action", [(0.2, 0.0, 0.0), (0.0, -0.3, 0.1), (-0.1, 0.2, -0.3)])
def test_of_an_arm_the_way_is_the_action_that_leads_there(action):
    place, meaning = place_of(PANDA), meaning_of(PANDA)
    here = panda_at(PANDA.home)
    points = meaning.proposal(np.array([[action]]), here).positions
    wanted = np.array(action) / PANDA.actions.half_range
    np.testing.assert_allclose(place.planned(points), wanted, atol=0.02)
    np.testing.assert_allclose(place.way(place.of(here), points[-1]), wanted, atol=0.02)


def test_of_an_arm_the_gaps_are_those_of_tip_and_joints():
    place = place_of(PANDA)
    there = PANDA.home + np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.25])  # the last one turns the hand alone
    gaps = place.gaps(PANDA.home, there)
    assert gaps == {"tip": pytest.approx(0.0, abs=0.02), "joint": pytest.approx(0.25)}
    there = PANDA.home + np.array([0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    radius = math.hypot(*Kinematics(PANDA).forward(PANDA.home)[0][:2])
    assert place.gaps(PANDA.home, there)["tip"] == pytest.approx(2 * radius * math.sin(0.05), rel=1e-6)


def test_of_a_base_the_way_is_an_arc_forward_or_back_and_headings_wrap():
    place = place_of(HUSKY)
    assert isinstance(place, BasePlace)
    here = np.array([1.0, 2.0, math.pi - 0.1])
    back = here - 0.2 * np.array([math.cos(here[2]), math.sin(here[2]), 0.0])
    channels = dict(zip(HUSKY.actions.names, place.way(here, back), strict=True))
    assert channels["vx"] < 0.0 and channels["wz"] == pytest.approx(0.0)
    turned = np.array([1.0, 2.0, -math.pi + 0.1])
    assert place.gaps(here, turned) == {"position": 0.0, "heading": pytest.approx(0.2)}
    assert dict(zip(HUSKY.actions.names, place.way(here, turned), strict=True))["wz"] > 0.0


def test_a_body_that_nothing_tells_the_place_of_is_refused(tmp_path):
    for body in (process_body, mobile_base):
        with pytest.raises(EmbodimentError, match=r"commission: .* expected an arm, or vx and wz of a base"):
            place_of(load_robot(body(tmp_path)))


def test_of_a_base_a_plan_counts_by_where_it_ends():
    place = place_of(HUSKY)
    names, steps = HUSKY.actions.names, 8
    off_and_back = np.array([[0.4, 0.5]] * steps + [[-0.4, -0.5]] * (2 * steps))
    points = np.zeros((3 * steps + 1, 2))
    points[1:, [names.index("vx"), names.index("wz")]] = off_and_back
    channels = dict(zip(names, place.planned(points), strict=True))
    assert channels["vx"] < -steps / 2, "it ends behind where it began"
