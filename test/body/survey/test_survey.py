# SPDX-License-Identifier: Apache-2.0
"""Arms of pybullet_data, of which nothing is known but the URDF; and what a survey is made of."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from robots import joint, link, small_robot, turning_arm, urdf

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.resources import resource
from ami_ros.body.robot_spec import load_robot
from ami_ros.body.survey.first_of import MOST_NAMED, first_of
from ami_ros.body.survey.robot_yaml import robot_yaml
from ami_ros.body.survey.self_contact import SelfContact
from ami_ros.body.survey.survey import CAREFUL, FOV_DEG, Survey, camera_view, survey
from ami_ros.errors import KinematicsError

pytest.importorskip("pybullet_data", reason="needs pybullet")

PANDA = "package://pybullet_data/franka_panda/panda.urdf"
BOX = '<box size="0.1 0.1 0.3"/>'


@pytest.fixture(scope="module")
def panda() -> Survey:
    return survey(resource(PANDA, Path()), "", np.random.default_rng(0))


def test_a_panda_is_found_to_be_a_panda(panda):
    assert panda.chain.joints == tuple(f"panda_joint{i}" for i in range(1, 8))
    assert panda.chain.tip == "panda_grasptarget"
    assert panda.chain.held == ("panda_finger_joint1", "panda_finger_joint2")
    assert panda.orientation == "kept"
    assert 0.8 < panda.home.reach < 1.0  # Source: Franka Emika, data sheet: 0.855 m, to the wrist
    assert panda.home.touching == ()
    assert panda.home.tilt_deg < 10.0
    assert panda.limits["acceleration"] == [CAREFUL["acceleration"][0]] * 7


def test_all_of_its_workspace_is_reached_and_seen(panda, tmp_path):
    path = tmp_path / "arm.yaml"
    path.write_text(robot_yaml("arm", PANDA, panda, tmp_path))
    spec = load_robot(path, "reach")
    assert (spec.workspace[1] - spec.workspace[0] > 0.25).all()
    kinematics = Kinematics(spec)
    back = np.subtract(spec.camera.eye, spec.camera.look_at)
    right = np.cross([0, 0, 1], back)
    half = np.tan(np.radians(FOV_DEG / 2))
    for place in itertools.product(*spec.workspace.T):
        tip = kinematics.forward(kinematics.solve(np.array(place)))[0]
        sight = tip - spec.camera.eye
        depth = -sight @ back / np.linalg.norm(back)
        assert abs(sight @ right / np.linalg.norm(right)) < half * depth


def test_of_many_names_the_first_are_told_and_how_many_more_there_are():
    names = [f"finger_{i}" for i in range(MOST_NAMED + 4)]
    assert first_of(names[:2]) == "finger_0, finger_1" and first_of([]) == ""
    told = first_of(names)
    assert told.endswith(f"finger_{MOST_NAMED - 1} and 4 more") and names[MOST_NAMED] not in told


def test_the_same_seed_gives_the_same_arm(tmp_path):
    arm = turning_arm(tmp_path)
    one, other = (survey(arm, "", np.random.default_rng(3)) for _ in range(2))
    assert robot_yaml("arm", str(arm), one, tmp_path) == robot_yaml("arm", str(arm), other, tmp_path)


def test_what_the_urdf_lacks_is_careful_and_marked(tmp_path):
    """And names that YAML would take for something else come through."""
    arm = urdf(
        tmp_path,
        *map(link, ("base", "a", "b: #c", "yes")),
        joint("on", "base", "a", inside='<limit lower="-1.57079632679" upper="2.87979326579"/>'),
        joint("j2", "a", "b: #c", inside='<limit velocity="2" effort="50"/>'),
        joint(
            "j3",
            "b: #c",
            "yes",
            "prismatic",
            '<limit lower="0" upper="0.2" velocity="0.123456789012" effort="9"/>',
        ),
    )
    text = robot_yaml("my\narm", str(arm), survey(arm, "", np.random.default_rng(0)), tmp_path)
    path = tmp_path / "arm.yaml"
    path.write_text(text)
    spec = load_robot(path)
    assert spec.joint_names == ("on", "j2", "j3")
    assert spec.sensors["joints"].units[:3] == ("rad", "rad", "m")
    assert spec.tip_frame == "yes"
    assert spec.orientation == "free"
    assert spec.urdf == arm
    np.testing.assert_array_equal(spec.limits.velocity, [CAREFUL["velocity"][0], 2.0, 0.123456789012])
    np.testing.assert_array_equal(spec.limits.upper, [2.87979326579, CAREFUL["upper"][0], 0.2])
    limits = text.partition("  limits:")[2].partition("  home:")[0].splitlines()[1:]
    marked = {line.strip().partition(":")[0] for line in limits if "CHECK the data sheet" in line}
    assert marked == {"lower", "upper", "velocity", "effort", "acceleration", "jerk"}


def test_a_folder_may_be_called_whatever_the_disk_takes(tmp_path):
    """YAML reads the two halves of an escaped emoji as two characters, which no file name has."""
    folder = tmp_path / "robots \U0001f916 and \u00e9"
    folder.mkdir()
    arm = turning_arm(folder)
    path = tmp_path / "arm.yaml"
    path.write_text(robot_yaml("arm", str(arm), survey(arm, "", np.random.default_rng(0)), tmp_path))
    assert load_robot(path).urdf == arm


def test_what_xacro_left_in_comments_is_no_xacro(tmp_path):
    arm = turning_arm(tmp_path)
    arm.write_text(arm.read_text().replace("<link", "<!-- <xacro:gripper\n/> --><link", 1))
    assert survey(arm, "", np.random.default_rng(0)).chain.joints == ("j1", "j2", "j3")


def test_an_arm_of_endless_joints_alone_has_no_position_limits(tmp_path):
    arm = turning_arm(tmp_path)
    arm.write_text(arm.read_text().replace('"revolute"', '"continuous"'))
    path = tmp_path / "arm.yaml"
    path.write_text(robot_yaml("arm", str(arm), survey(arm, "", np.random.default_rng(0)), tmp_path))
    assert "# lower: null" in path.read_text()
    limits = load_robot(path, "reach").limits
    assert limits.lower is None and limits.upper is None and limits.velocity is not None


def test_a_xacro_file_is_told_apart(tmp_path):
    file = tmp_path / "arm.urdf.xacro"
    file.write_text(
        '<robot xmlns:xacro="http://www.ros.org/wiki/xacro"><link name="${name}"/><xacro:macro name="m"/></robot>'
    )
    with pytest.raises(KinematicsError, match="got a xacro file, expected a URDF"):
        survey(file, "", np.random.default_rng(0))


def test_parts_that_are_apart_touch_when_the_arm_folds(tmp_path):
    """The last of three links of 0.5 m is 1 m above the first, or in the same place."""
    path = urdf(
        tmp_path,
        *(link(name, BOX) for name in ("base", "a", "b", "tip")),
        *(joint(f"j{i}", *pair) for i, pair in enumerate(itertools.pairwise(("base", "a", "b", "tip")), 1)),
    )
    spec = small_robot(path, "j1", "j2", "j3")
    straight, folded = np.zeros(3), np.array([0.0, 3.1, 0.0])
    contact = SelfContact(spec, straight[None])
    assert contact.touching(straight) == ()
    assert contact.touching(folded) == (("a", "tip"),)
    contact.allow(folded)
    assert contact.touching(folded) == ()
    assert SelfContact(spec, folded[None]).touching(folded) == ()  # always so: no contact of interest


def test_a_view_is_as_near_as_shows_every_point():
    points = np.random.default_rng(1).uniform([0.0, -0.4, 0.0], [0.8, 0.3, 0.6], (50, 3))
    eye, look_at = camera_view(points, FOV_DEG)
    back = (eye - look_at) / np.linalg.norm(eye - look_at)
    right = np.cross([0, 0, 1], back)
    right /= np.linalg.norm(right)
    sight = points - eye
    widths = np.abs(sight @ np.stack([right, np.cross(back, right)]).T) / -(sight @ back)[:, None]
    assert 0.9 < widths.max() / np.tan(np.radians(FOV_DEG / 2)) < 1.0
