# SPDX-License-Identifier: Apache-2.0
"""Any order of joints, joints that follow others, joints that turn for ever: against geometry by hand."""

from __future__ import annotations

import numpy as np
import pytest
from robots import LIMIT, chain, joint, link, small_robot, urdf

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.urdf_model import UrdfModel
from ami_ros.errors import KinematicsError

HOME = np.array([0.1, 0.2, 0.3])
POSTURES = np.random.default_rng(0).uniform(-1.0, 1.0, (20, 3))


def tip_of(angles: np.ndarray) -> np.ndarray:
    """Return where the end of a chain of joints about y is, each 0.5 m above the one before."""
    turned, place = 0.0, np.array([0.0, 0.0, 0.5])
    for angle in angles[:-1]:
        turned += angle
        place = place + 0.5 * np.array([np.sin(turned), 0.0, np.cos(turned)])
    return place


def test_joints_may_come_in_any_order(tmp_path):
    path = chain(tmp_path)
    plain = Kinematics(small_robot(path, "j1", "j2", "j3", home=HOME))
    mixed = Kinematics(small_robot(path, "j3", "j1", "j2", home=HOME[[2, 0, 1]]))
    shapes = [
        LinkShapes(small_robot(path, *names, home=HOME)) for names in (("j1", "j2", "j3"), ("j3", "j1", "j2"))
    ]
    np.testing.assert_array_equal(shapes[0].reach[:, [2, 0, 1]], shapes[1].reach)
    for posture in POSTURES:
        np.testing.assert_allclose(plain.forward(posture)[0], tip_of(posture), atol=1e-12)
        np.testing.assert_allclose(mixed.forward(posture[[2, 0, 1]])[0], tip_of(posture), atol=1e-12)
        np.testing.assert_allclose(
            plain.jacobian(posture)[:, [2, 0, 1]], mixed.jacobian(posture[[2, 0, 1]]), atol=1e-12
        )
        np.testing.assert_allclose(shapes[0].tip(posture), shapes[1].tip(posture[[2, 0, 1]]), atol=1e-12)
        centres = [shapes[0].centres(posture[None]), shapes[1].centres(posture[None, [2, 0, 1]])]
        np.testing.assert_allclose(*centres, atol=1e-12)


@pytest.mark.parametrize(("factor", "offset"), [(-2.0, 0.1), (1.0, 0.0)])
def test_a_joint_that_mimics_one_of_the_robots_follows_it(tmp_path, factor, offset):
    mimic = f'{LIMIT}<mimic joint="j1" multiplier="{factor}" offset="{offset}"/>'
    spec = small_robot(chain(tmp_path, j2=mimic), "j1", "j3", home=HOME[:2])
    kinematics, shapes = Kinematics(spec), LinkShapes(spec)
    for posture in POSTURES:
        all_joints = np.array([posture[0], factor * posture[0] + offset, posture[1]])
        np.testing.assert_allclose(kinematics.forward(posture[:2])[0], tip_of(all_joints), atol=1e-12)
        np.testing.assert_allclose(shapes.tip(posture[:2]), tip_of(all_joints), atol=1e-12)
        jacobian, small = kinematics.jacobian(posture[:2]), np.array([1e-6, 0.0])
        change = kinematics.forward(posture[:2] + small)[0] - kinematics.forward(posture[:2] - small)[0]
        assert jacobian.shape == (6, 2)
        np.testing.assert_allclose(jacobian[:3, 0], change / 2e-6, atol=1e-7)
        moved = np.linalg.norm(shapes.centres(posture[None, :2]) - shapes.centres(HOME[None, :2]), axis=2)[0]
        assert (moved <= shapes.reach @ np.abs(posture[:2] - HOME[:2]) + 1e-9).all()


def test_one_that_follows_a_follower_follows_the_first(tmp_path):
    first = f'{LIMIT}<mimic joint="j1" multiplier="2" offset="0.1"/>'
    second = f'{LIMIT}<mimic joint="j2" multiplier="3" offset="0.2"/>'
    kinematics = Kinematics(small_robot(chain(tmp_path, j2=first, j3=second), "j1", home=HOME[:1]))
    np.testing.assert_allclose(kinematics.forward(np.array([0.3]))[0], tip_of(np.array([0.3, 0.7, 2.3])))


def test_joints_that_mimic_each_other(tmp_path):
    path = chain(tmp_path, j2=f'{LIMIT}<mimic joint="j3"/>', j3=f'{LIMIT}<mimic joint="j2"/>')
    with pytest.raises(KinematicsError, match=r"joints \['j2', 'j3'\] mimic each other"):
        Kinematics(small_robot(path, "j1", home=HOME[:1]))


def test_what_mimics_a_joint_outside_of_the_robots_is_held(tmp_path):
    path = chain(tmp_path, j3=f'{LIMIT}<mimic joint="j2"/>')
    kinematics = Kinematics(small_robot(path, "j1", home=HOME[:1]))
    np.testing.assert_allclose(kinematics.forward(np.array([0.4]))[0], tip_of(np.array([0.4, 0.0, 0.0])))


def test_a_joint_that_turns_for_ever_has_one_position(tmp_path):
    parts = [
        link("base"),
        link("a"),
        link("tip"),
        joint("j1", "base", "a", "continuous", ""),
        joint("j2", "a", "tip"),
    ]
    spec = small_robot(urdf(tmp_path, *parts), "j1", "j2", home=HOME[:2])
    for turns in (0.0, 4 * np.pi):
        posture = np.array([0.4 + turns, 0.2])
        np.testing.assert_allclose(Kinematics(spec).forward(posture)[0], tip_of(posture), atol=1e-12)
        np.testing.assert_allclose(LinkShapes(spec).tip(posture), tip_of(posture), atol=1e-12)


def test_a_link_and_a_joint_may_have_the_same_name(tmp_path):
    parts = [link("base"), link("a"), link("j1"), joint("j1", "base", "a"), joint("j2", "a", "j1")]
    spec = small_robot(urdf(tmp_path, *parts), "j1", "j2", tip="j1", home=HOME[:2])
    np.testing.assert_allclose(Kinematics(spec).forward(HOME[:2])[0], tip_of(HOME[:2]), atol=1e-12)


def test_a_joint_that_is_held_may_have_the_name_of_a_link(tmp_path):
    path = chain(tmp_path)
    path.write_text(path.read_text().replace('"j3"', '"a"'))
    assert UrdfModel(small_robot(path, "j1", "j2")).model.nq == 2


def test_a_tip_that_nothing_moves(tmp_path):
    with pytest.raises(KinematicsError, match=r"tip frame 'base' is moved by none of \['j1', 'j2', 'j3'\]"):
        Kinematics(small_robot(chain(tmp_path), "j1", "j2", "j3", tip="base", home=HOME))
