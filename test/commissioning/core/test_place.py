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
from ami_ros.commissioning.core.plant_place import COMMANDED
from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.errors import EmbodimentError
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.types import Observation, Reading

WANTED = load_settings(CommissionSettings, config_path("commission.yaml"))
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
    np.testing.assert_allclose(place.planned(points, place.of(here)), wanted, atol=0.02)
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
    with pytest.raises(EmbodimentError, match=r"commission: .* expected an arm, vx and wz of a base"):
        place_of(load_robot(mobile_base(tmp_path)))


def plant_at(heater: float, valve: float, boiler: float = 40.0) -> np.ndarray:
    """Return a place of `process_body`: boiler, outlet, inlet, outflow, then heater and valve."""
    readings = {
        "temperatures": np.array([boiler, 30.0]),
        "pressure": np.array([2.0]),
        "flow": np.array([5.0]),
        COMMANDED: np.array([heater, valve]),
    }
    return PLANT.of(Observation({name: Reading(values, 5, 6) for name, values in readings.items()}))


@pytest.fixture(scope="module", autouse=True)
def plant(tmp_path_factory):
    global PLANT
    PLANT = place_of(load_robot(process_body(tmp_path_factory.mktemp("plant"))))


def test_of_a_plant_the_gaps_are_of_measured_values_and_the_way_of_set_points():
    here, there = plant_at(20.0, 50.0), plant_at(100.0, 30.0, boiler=64.0)
    assert PLANT.units == {
        "temperatures.boiler": "degC",
        "temperatures.outlet": "degC",
        "pressure.inlet": "bar",
        "flow.outflow": "l/min",
    }
    assert PLANT.gaps(here, there)["temperatures.boiler"] == 24.0
    # 400 W/s and 100 %/s at control steps of 0.2 s.
    np.testing.assert_allclose(PLANT.way(here, there), [1.0, -1.0])
    proposed = np.array([[0.0, 0.0], [60.0, 40.0], [900.0, 900.0]])
    np.testing.assert_allclose(PLANT.planned(proposed, here), [0.5, -0.5])
    assert PLANT.stir(here, there) == 0.4  # of the heater's 200 W


def test_of_a_plant_a_share_of_the_authority_is_a_share_of_the_ranges_and_the_way_to_standstill(tmp_path):
    first, far = plant_at(100.0, 30.0), plant_at(200.0, 90.0, boiler=80.0)
    assert PLANT.limits(0.1, first) == {"limit_lower": [90.0, 28.0], "limit_upper": [110.0, 36.0]}
    assert PLANT.limits(1.0, first) == {"limit_lower": [0.0, 10.0], "limit_upper": [200.0, 90.0]}
    at = PLANT.goal_at(0.1, far, first)
    np.testing.assert_allclose(at[-2:], [110.0, 36.0])
    assert PLANT.shown(at)["temperatures.boiler"] == pytest.approx(44.0)
    rests = process_body(tmp_path, lambda values: values.update(stands_still="rest"))
    limits = place_of(load_robot(rests)).limits(0.1, first)
    assert limits == {"limit_lower": [20.0, 28.0], "limit_upper": [110.0, 50.0]}


def test_a_plant_may_stay_only_where_it_has_settled():
    goals = [plant_at(20.0, 50.0), plant_at(100.0, 50.0, boiler=64.0)]
    here = plant_at(100.0, 50.0, boiler=60.0)
    assert PLANT.may_stay(plant_at(100.0, 50.0, boiler=59.0), here, goals, 0.05)
    assert not PLANT.may_stay(plant_at(100.0, 50.0, boiler=58.0), here, goals, 0.05), "it still warms up"
    assert not PLANT.may_stay(plant_at(80.0, 50.0, boiler=60.0), here, goals, 0.05), "the heater has moved"
    assert PLANT.within(WANTED, goals)["temperatures.boiler"] == pytest.approx(24.0 * WANTED.within_share)


def test_of_a_base_a_plan_counts_by_where_it_ends():
    place = place_of(HUSKY)
    names, steps = HUSKY.actions.names, 8
    off_and_back = np.array([[0.4, 0.5]] * steps + [[-0.4, -0.5]] * (2 * steps))
    points = np.zeros((3 * steps + 1, 2))
    points[1:, [names.index("vx"), names.index("wz")]] = off_and_back
    channels = dict(zip(names, place.planned(points, np.zeros(3)), strict=True))
    assert channels["vx"] < -steps / 2, "it ends behind where it began"
