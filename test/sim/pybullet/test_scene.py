# SPDX-License-Identifier: Apache-2.0
"""An arm in PyBullet beyond what all stages do: the same in another one, and honest about mistakes."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
from robots import changed, joint, link, small_robot, urdf

from ami_ros.body.robot_spec import load_robot
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import ConfigError, EmbodimentError
from ami_ros.sim.pybullet.arm import MOST_JOINTS
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.types import Command

PHYSICS_HZ, TICK_NS, TICKS = 200.0, 10_000_000, 60
JOINTS = 7
SPEC = load_robot("panda")


@pytest.fixture
def scene() -> Iterator[Scene]:
    world = Scene(SPEC, PHYSICS_HZ)
    world.reset(SPEC.home)
    yield world
    world.close()


def drive(scene: Scene, ticks: int = TICKS) -> tuple[np.ndarray, list[bytes]]:
    """Move along a wave from home; returns all joints and some images."""
    scene.reset(SPEC.home)
    rows, images = [], []
    wave = 0.3 * np.sin(np.linspace(0.0, 3.0, JOINTS))
    for tick in range(ticks):
        velocity = wave * np.cos(tick * 0.05)
        scene.advance(Command(SPEC.home + wave * np.sin(tick * 0.05) / 5, velocity, scene.time_ns), TICK_NS)
        rows.append(np.concatenate(scene.joints()))
        if tick % 20 == 0:
            images.append(scene.image().tobytes())
    return np.array(rows), images


def test_two_scenes_agree_to_the_bit(scene):
    other = Scene(SPEC, PHYSICS_HZ)
    joints, images = drive(scene)
    same_joints, same_images = drive(other)
    np.testing.assert_array_equal(joints, same_joints)
    assert images == same_images
    assert np.ptp(joints[:, 0]) >= 0.0
    assert len(set(images)) == len(images)
    other.close()


def test_a_used_scene_is_as_good_as_a_new_one(scene):
    joints, images = drive(scene)
    scene.reset(SPEC.home + 0.2)
    scene.advance(Command(SPEC.home, np.ones(JOINTS), 0), 5 * TICK_NS)
    again, same_images = drive(scene)
    np.testing.assert_array_equal(joints, again)
    assert images == same_images


@pytest.mark.parametrize(
    ("physics_hz", "fits"), [(100.0, True), (200.0, True), (300.0, True), (240.0, False)]
)
def test_a_tick_is_a_whole_number_of_physics_steps(physics_hz, fits):
    world = Scene(SPEC, physics_hz)
    if fits:
        world.advance(None, TICK_NS)
    else:
        with pytest.raises(ConfigError, match="physics_hz.*is not a multiple"):
            world.advance(None, TICK_NS)
    world.close()


def test_the_truth_is_forward_kinematics(scene):
    np.testing.assert_allclose(scene.tip(), [0.522, 0.0, 0.359], atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {
                "simulation": ArmSimulation(
                    "bullet", "package://pybullet_data/franka_panda/panda_9.urdf", (), (), "tip"
                )
            },
            "no such file",
        ),
        (
            {"simulation": ArmSimulation("bullet", str(SPEC.urdf.with_suffix(".yaml")), (), (), "tip")},
            "not a readable URDF",
        ),
        (
            {"simulation": ArmSimulation("bullet", sys.executable, (), (), "tip")},
            "not a readable URDF",
        ),
        (
            {
                "simulation": ArmSimulation(
                    "bullet",
                    "package://pybullet_data/franka_panda/panda.urdf",
                    ("panda_thumb",),
                    (0.0,),
                    "tip",
                )
            },
            r"joints \['panda_thumb'\] not found; it has \['panda_joint1'",
        ),
        ({"limits": dataclasses.replace(SPEC.limits, effort=None)}, "needs limits.effort"),
    ],
    ids=["missing", "no urdf", "no text", "unknown joint", "no effort"],
)
def test_a_robot_that_cannot_be_simulated(changes, message):
    with pytest.raises(EmbodimentError, match=message):
        Scene(changed(SPEC, **changes), PHYSICS_HZ)


def test_a_camera_on_a_link_sees_the_world_from_there():
    """The picture is that of a camera that stands where the link has carried it."""
    spec = load_robot("panda_wrist")
    world = Scene(spec, PHYSICS_HZ)
    seen = []
    for turn in (0.0, 0.4):
        joints = spec.home + np.array([turn, *[0.0] * (JOINTS - 1)])
        world.reset(joints)
        pictures = world.images()
        seen.append(pictures["wrist"])
        hand = world._bullet.link_indices(world._robot)["panda_hand"]
        place, axes = world._bullet.link_pose(world._robot, hand)
        wrist = spec.sensors["wrist"]
        eye, look_at, up = (axes @ np.array(v) for v in (wrist.eye, wrist.look_at, wrist.up))
        still = dataclasses.replace(
            wrist, link="", eye=tuple(place + eye), look_at=tuple(place + look_at), up=tuple(up)
        )
        fixed = Scene(dataclasses.replace(spec, sensors={**spec.sensors, "wrist": still}), PHYSICS_HZ)
        fixed.reset(joints)
        np.testing.assert_array_equal(fixed.images()["wrist"], pictures["wrist"])
        fixed.close()
    assert (seen[0] != seen[1]).any(axis=2).mean() > 0.05
    world.close()


@pytest.mark.parametrize("joints", [MOST_JOINTS, MOST_JOINTS + 1])
def test_a_body_with_more_joints_than_the_physics_holds_is_refused(tmp_path, joints):
    names = ["base", *(f"part_{i}" for i in range(joints))]
    parts = [link(name) for name in names]
    parts += [joint(f"j{i}", *pair, kind="fixed") for i, pair in enumerate(itertools.pairwise(names))]
    path = urdf(tmp_path, *parts)
    path.write_text(path.read_text().replace('"fixed"', '"revolute"', 1))
    simulation = ArmSimulation("bullet", str(path), (), (), names[-1])
    spec = small_robot(path, "j0", tip=names[-1], simulation=simulation, home=np.zeros(1))
    spec = changed(spec, limits=dataclasses.replace(spec.limits, effort=np.ones(1)))
    if joints > MOST_JOINTS:
        with pytest.raises(EmbodimentError, match=f"got {joints} joints.*expected at most {MOST_JOINTS}"):
            Scene(spec, PHYSICS_HZ)
        return
    world = Scene(spec, PHYSICS_HZ)
    assert world.joints()[0].shape == (1,)
    world.close()
