# SPDX-License-Identifier: Apache-2.0
"""The robots of config/robots whose URDFs come with the extra `robots`: that they load, and are what their makers say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from robots import skip_without_robots_of_others

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.body.survey.self_contact import SelfContact

skip_without_robots_of_others(allow_module_level=True)

ROBOTS = ("ur5", "so101", "xarm7")


@pytest.fixture(scope="module", params=ROBOTS)
def spec(request) -> RobotSpec:
    return load_robot(request.param, "reach")


def test_all_of_the_workspace_is_reached_and_clear(spec):
    kinematics = Kinematics(spec)
    contact = SelfContact(spec, np.random.default_rng(0).uniform(-1.0, 1.0, (20, len(spec.joint_names))))
    for place in itertools.product(*np.linspace(*spec.workspace, 3).T):
        joints = kinematics.solve(np.array(place))
        assert contact.touching(joints) == ()


def test_every_limit_is_known(spec):
    assert spec.limits.unlimited() == []
    assert spec.limits.effort is not None
    assert (spec.limits.velocity < 4.0).all()  # none is a placeholder


def test_the_flange_of_a_ur5_is_where_its_maker_puts_it():
    """Source: Universal Robots, "DH Parameters for calculations of kinematics and dynamics": stretched out."""
    place = Kinematics(load_robot("ur5")).forward(np.zeros(6))[0]
    np.testing.assert_allclose(place, [0.425 + 0.39225, 0.10915 + 0.0823, 0.089159 - 0.09465], atol=1e-4)


def test_the_flange_of_an_xarm7_is_where_its_maker_puts_it():
    """Source: UFACTORY, "xArm User Manual", DH parameters of xArm 7: at zero."""
    place = Kinematics(load_robot("xarm7")).forward(np.zeros(7))[0]
    np.testing.assert_allclose(
        place, [0.0525 + 0.0775 + 0.076, 0.0, 0.267 + 0.293 - 0.3425 - 0.097], atol=1e-4
    )


def test_the_so101_steps_by_position_alone():
    assert load_robot("so101").orientation == "free"
