# SPDX-License-Identifier: Apache-2.0
"""Kinematics of the shipped Panda: against PyBullet, against finite differences, and as a controller."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from robots import changed, joint, link, made_up_robot, panda_yaml, small_robot, turning_arm, urdf

from ami_ros.body.actions import Channel
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import KinematicsError
from ami_ros.sim.world.loadable_urdf import loadable_urdf

JOINTS = 7
DT_S = 0.1
SPEC = load_robot("panda")


@pytest.fixture(scope="module")
def kinematics() -> Kinematics:
    return Kinematics(SPEC)


def random_joints(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(SPEC.limits.lower, SPEC.limits.upper, (count, JOINTS))


def test_the_tip_is_where_pybullet_has_it(kinematics):
    bullet = pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
    world = bullet.Bullet(200.0)
    urdf = SPEC.simulation.urdf_path(SPEC.urdf)
    arm = world.load_urdf(loadable_urdf(urdf, detailed=False), str(urdf), fixed=True)
    index = world.joint_indices(arm)
    for joints in random_joints(50):
        world.reset_joints(arm, [index[name] for name in SPEC.joint_names], joints)
        expected = world.link_pose(arm, index["panda_grasptarget_hand"])[0]
        np.testing.assert_allclose(kinematics.forward(joints)[0], expected, atol=1e-4)
    world.close()


def test_rotations_are_rotations(kinematics):
    for joints in random_joints(10):
        _, rotation = kinematics.forward(joints)
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_results_are_copies(kinematics):
    position, rotation = kinematics.forward(SPEC.home)
    before = position.copy(), rotation.copy()
    kinematics.forward(SPEC.home + 0.1)
    np.testing.assert_array_equal(position, before[0])
    np.testing.assert_array_equal(rotation, before[1])


def test_the_jacobian_is_the_derivative(kinematics):
    small = 1e-6
    for joints in random_joints(10, seed=1):
        jacobian = kinematics.jacobian(joints)
        assert jacobian.shape == (6, JOINTS)
        for channel in range(JOINTS):
            change = np.zeros(JOINTS)
            change[channel] = small
            after, after_rotation = kinematics.forward(joints + change)
            before, before_rotation = kinematics.forward(joints - change)
            np.testing.assert_allclose(jacobian[:3, channel], (after - before) / (2 * small), atol=1e-7)
            turn = after_rotation @ before_rotation.T
            axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
            np.testing.assert_allclose(jacobian[3:, channel], axis / (2 * small), atol=1e-7)


def test_a_step_moves_the_tip_as_asked(kinematics):
    generator = np.random.default_rng(2)
    inner = np.array([SPEC.workspace[0] + 0.05, SPEC.workspace[1] - 0.05])
    for _ in range(40):
        joints = kinematics.solve(generator.uniform(*inner))
        velocity = generator.uniform(-SPEC.max_tip_speed, SPEC.max_tip_speed, 3)
        start, _ = kinematics.forward(joints)
        end, _ = kinematics.forward(kinematics.step(joints, velocity, DT_S))
        np.testing.assert_allclose(end - start, velocity * DT_S, atol=5e-3)


def test_a_step_goes_as_far_as_the_widest_channel_reaches_one_way():
    """Half the width of its range would cut it, and nobody would be told."""
    actions = dataclasses.replace(SPEC.actions, channels=(Channel("x", "m/s", -0.1, 0.4),))
    spec = changed(SPEC, actions=actions)
    assert spec.max_tip_speed == SPEC.max_tip_speed == 0.4
    kinematics = Kinematics(spec)
    joints = kinematics.solve(spec.workspace.mean(axis=0))
    start, end = (kinematics.forward(j)[0] for j in (joints, kinematics.step(joints, [0.4, 0, 0], DT_S)))
    assert end[0] - start[0] == pytest.approx(0.4 * DT_S, abs=5e-3)


def test_standing_still_stands_still(kinematics):
    joints = kinematics.solve(SPEC.workspace.mean(axis=0))
    start, _ = kinematics.forward(joints)
    for _ in range(100):
        joints = kinematics.step(joints, np.zeros(3), DT_S)
    np.testing.assert_allclose(kinematics.forward(joints)[0], start, atol=4e-3)


def test_steps_stay_in_the_workspace_and_within_the_joint_limits(kinematics):
    generator = np.random.default_rng(3)
    joints, velocity = SPEC.home, np.zeros(3)
    for _ in range(400):
        if generator.random() < 0.1:
            velocity = generator.uniform(-1, 1, 3) * SPEC.max_tip_speed
        joints = kinematics.step(joints, velocity, DT_S)
        tip = kinematics.forward(joints)[0]
        assert (tip >= SPEC.workspace[0] - 5e-3).all()
        assert (tip <= SPEC.workspace[1] + 5e-3).all()
        assert (joints >= SPEC.limits.lower).all()
        assert (joints <= SPEC.limits.upper).all()


def test_from_outside_the_workspace_the_tip_comes_back_no_faster_than_its_speed_limit(kinematics):
    outside = kinematics.solve(np.array([0.5, 0.0, 0.62]))
    start, _ = kinematics.forward(outside)
    end, _ = kinematics.forward(kinematics.step(outside, np.zeros(3), DT_S))
    assert start[2] - end[2] == pytest.approx(SPEC.max_tip_speed * DT_S, abs=5e-3)
    joints = outside
    for _ in range(20):
        joints = kinematics.step(joints, np.zeros(3), DT_S)
    assert kinematics.forward(joints)[0][2] <= SPEC.workspace[1][2] + 5e-3


def test_the_hand_keeps_its_orientation(kinematics):
    _, down = kinematics.forward(SPEC.home)
    generator = np.random.default_rng(4)
    for _ in range(20):
        _, rotation = kinematics.forward(kinematics.solve(SPEC.random_tip(generator)))
        angle = np.arccos(np.clip((np.trace(down.T @ rotation) - 1) / 2, -1, 1))
        assert angle < 0.1


def test_a_free_orientation_leaves_the_joints_to_the_position(tmp_path):
    """Three joints have none to spare for an orientation: kept, most of the workspace is out of reach."""
    kept = small_robot(turning_arm(tmp_path), "j1", "j2", "j3", home=np.array([0.0, 0.5, 1.1]))
    free = Kinematics(changed(kept, orientation="free"))
    place = free.forward(kept.home)[0] + [-0.1, 0.15, 0.1]
    joints = free.solve(place)
    np.testing.assert_allclose(free.forward(joints)[0], place, atol=2e-3)
    with pytest.raises(KinematicsError, match="out of reach"):
        Kinematics(kept).solve(place)
    velocity = np.array([0.1, -0.2, 0.15])
    moved = free.forward(free.step(joints, velocity, DT_S))[0] - free.forward(joints)[0]
    np.testing.assert_allclose(moved, velocity * DT_S, atol=2e-3)


def test_what_is_redundant_goes_toward_home_when_the_orientation_is_free():
    """Seven joints, three of them for the position: the tip stands still, and the posture comes back."""
    kinematics = Kinematics(changed(SPEC, orientation="free"))
    place = kinematics.forward(SPEC.home)[0]
    joints = SPEC.home + [0.2, -0.1, -0.2, 0.1, 0.1, -0.1, 0.3]
    for _ in range(300):
        joints = kinematics.step(joints, place - kinematics.forward(joints)[0], 1.0)
    np.testing.assert_allclose(joints, SPEC.home, atol=5e-3)


def test_a_tip_beside_its_frame_moves_with_it():
    offset = (0.02, -0.01, 0.03)
    beside, at = Kinematics(changed(SPEC, tip_offset=offset)), Kinematics(SPEC)
    place, turn = at.forward(SPEC.home)
    np.testing.assert_allclose(beside.forward(SPEC.home)[0], place + turn @ offset, atol=1e-9)
    np.testing.assert_allclose(beside.forward(SPEC.home)[1], turn, atol=1e-9)
    np.testing.assert_allclose(
        LinkShapes(changed(SPEC, tip_offset=offset)).centres(SPEC.home[None])[0, 0],
        place + turn @ offset,
        atol=1e-9,
    )
    joints = beside.solve(place)
    np.testing.assert_allclose(beside.forward(joints)[0], place, atol=2e-3)


def test_solve_reaches_the_workspace(kinematics):
    generator = np.random.default_rng(5)
    for tip in (SPEC.random_tip(generator) for _ in range(60)):
        joints = kinematics.solve(tip)
        assert np.linalg.norm(kinematics.forward(joints)[0] - tip) < 2e-3
        assert (joints >= SPEC.limits.lower).all()
        assert (joints <= SPEC.limits.upper).all()


def test_solve_is_deterministic_and_leaves_its_start_alone(kinematics):
    start = SPEC.home.copy()
    first = kinematics.solve(np.array([0.4, 0.1, 0.3]), start)
    np.testing.assert_array_equal(start, SPEC.home)
    np.testing.assert_array_equal(Kinematics(SPEC).solve(np.array([0.4, 0.1, 0.3])), first)


def test_draw_is_solve_of_a_random_tip(kinematics):
    drawn = kinematics.draw(np.random.default_rng(6))
    tip = SPEC.random_tip(np.random.default_rng(6))
    np.testing.assert_array_equal(drawn, kinematics.solve(tip))


def test_draw_draws_again_where_the_arm_does_not_reach():
    """Two corners of the shipped box are out of reach; a data set must not end there."""
    corner = np.array([[0.6, -0.31, 0.48], [0.68, -0.29, 0.52]])
    kinematics = Kinematics(changed(SPEC, workspace=corner))
    generator = np.random.default_rng(0)
    drawn = [kinematics.draw(generator) for _ in range(5)]
    assert len({joints.tobytes() for joints in drawn}) == 5
    nowhere = changed(SPEC, workspace=corner + [[2.0, 0.0, 0.0]])
    with pytest.raises(KinematicsError, match="out of reach"):
        Kinematics(nowhere).draw(generator)


def test_an_unreachable_position_says_how_far_it_got(kinematics):
    with pytest.raises(
        KinematicsError, match=r"tip position \[3.0, 0.0, 0.0\] is out of reach by \d+\.\d+ m"
    ):
        kinematics.solve(np.array([3.0, 0.0, 0.0]))


def test_a_robot_without_position_limits_has_kinematics(tmp_path):
    free = load_robot(panda_yaml(tmp_path, lambda v: v["arm"]["limits"].update(lower=None, upper=None)))
    limited = Kinematics(SPEC).step(SPEC.home, np.array([0.1, 0.2, -0.1]), DT_S)
    np.testing.assert_array_equal(Kinematics(free).step(SPEC.home, np.array([0.1, 0.2, -0.1]), DT_S), limited)


def test_a_urdf_that_does_not_fit(tmp_path):
    with pytest.raises(KinematicsError, match="made_up.urdf"):
        Kinematics(made_up_robot(urdf=Path("made_up.urdf")))
    (tmp_path / "broken.urdf").write_text("<robot")
    with pytest.raises(KinematicsError, match="broken.urdf"):
        Kinematics(changed(SPEC, urdf=tmp_path / "broken.urdf"))
    with pytest.raises(KinematicsError, match="tip frame 'nose' not found; it has .*panda_tip"):
        Kinematics(changed(SPEC, tip_frame="nose"))
    names = (*SPEC.joint_names[:-1], "elbow")
    with pytest.raises(KinematicsError, match=r"joints \['elbow'\] of panda not found; it has"):
        Kinematics(changed(SPEC, joint_names=names))


def test_a_single_joint_has_a_jacobian_too(tmp_path):
    kinematics = Kinematics(
        small_robot(
            urdf(tmp_path, link("base"), link("tip"), joint("j1", "base", "tip")), "j1", home=np.zeros(1)
        )
    )
    np.testing.assert_allclose(kinematics.jacobian(np.zeros(1)), [[0], [0], [0], [0], [1], [0]], atol=1e-12)
