# SPDX-License-Identifier: Apache-2.0
"""A simulated arm with several sensors: each measures what it is there for, and the camera sees as before."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import TWIST, two_cameras_and_force, vector_sensor
from robots import changed
from simulators import EVERY, in_simulator

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.variation import draw_variation
from ami_ros.sim.camera.variation_settings import load_variation_settings
from ami_ros.sim.world.open_world import open_world
from ami_ros.types import Command

TICK_NS, PHYSICS_HZ, JOINTS = 10_000_000, 200.0, 7


def add_twist(values) -> None:
    values["sensors"]["twist"] = vector_sensor("TwistStamped", "twist", TWIST)
    fingers = {"panda_finger_joint1": "m", "panda_joint7": "rad"}
    values["sensors"]["fingers"] = vector_sensor("JointState", "fingers", fingers)


@pytest.fixture(scope="module", params=EVERY)
def spec(request, tmp_path_factory):
    path = two_cameras_and_force(tmp_path_factory.mktemp("robot"), add_twist)
    return in_simulator(request.param, load_robot(path))


@pytest.fixture(scope="module")
def shared(spec):
    world = open_world(spec, PHYSICS_HZ)
    yield world
    world.close()


@pytest.fixture
def scene(spec, shared):
    shared.vary(None)
    shared.reset(spec.home)
    return shared


def test_every_sensor_is_read_in_the_bodys_order(spec, scene):
    observation = scene.observe()
    assert list(observation.readings) == ["camera", "joints", "side", "force", "twist", "fingers"]
    assert observation["camera"].value.shape == (128, 128, 3)
    assert observation["side"].value.shape == (64, 96, 3)
    for sensor in spec.vectors:
        assert observation[sensor.name].value.shape == (sensor.size,)
    np.testing.assert_array_equal(observation["fingers"].value[:2], [0.02, spec.home[-1]])


def test_other_sensors_change_nothing_in_what_the_first_camera_and_the_joints_say(spec, scene):
    alone = open_world(in_simulator(spec.simulation.kind, load_robot("panda")), PHYSICS_HZ)
    alone.reset(spec.home)
    settings = load_variation_settings()
    looks = [draw_variation(settings, np.random.default_rng(3), cameras=cameras) for cameras in (1, 2)]
    for look, world in zip(looks, (alone, scene), strict=True):
        world.vary(look, seed=4)
    for _ in range(3):
        seen = [world.observe() for world in (alone, scene)]
        for name in ("camera", "joints"):
            np.testing.assert_array_equal(seen[0][name].value, seen[1][name].value)
        for world in (alone, scene):
            world.advance(Command(spec.home + 0.1, np.zeros(JOINTS), 0), TICK_NS)
    alone.close()


def test_each_camera_varies_on_its_own(scene):
    settings = load_variation_settings()
    look = draw_variation(settings, np.random.default_rng(3), ["camera_pose", "noise"], cameras=2)
    assert look.view(1) != look.view(0)
    clean = scene.images()
    scene.vary(look, seed=4)
    varied = scene.images()
    for name, image in clean.items():
        assert np.abs(image.astype(int) - varied[name]).max() > 10
    scene.vary(None)
    for name, image in scene.images().items():
        np.testing.assert_array_equal(image, clean[name])
    elsewhere = scene.images_at(scene.joints()[0] + 0.3)
    assert all(not np.array_equal(elsewhere[name], image) for name, image in clean.items())


def test_the_tips_twist_is_how_the_tip_moves(spec, scene):
    kinematics = Kinematics(spec)
    velocity = 0.2 * np.cos(np.arange(JOINTS))
    for tick in range(60):
        target = spec.home + velocity * (tick + 1) * 0.01
        scene.advance(Command(target, velocity, 0), TICK_NS)
    before = kinematics.forward(scene.joints()[0])[0]
    twist = scene.observe()["twist"].value
    scene.advance(Command(target + velocity * 0.01, velocity, 0), TICK_NS)
    moved = (kinematics.forward(scene.joints()[0])[0] - before) / 0.01
    np.testing.assert_allclose(twist[:3], moved, atol=0.01)
    assert np.linalg.norm(twist[3:]) > 0.1


def press(spec, scene) -> np.ndarray:
    """Move straight down onto the table and return the last wrench."""
    kinematics = Kinematics(spec)
    joints = kinematics.solve(np.array([0.5, 0.0, 0.12]))
    scene.reset(joints)
    for tick in range(150):
        height = max(0.12 - 0.002 * tick, -0.003)
        joints = kinematics._toward(joints, np.array([0.5, 0.0, height]))
        scene.advance(Command(joints, np.zeros(JOINTS), 0), TICK_NS)
    return scene.observe()["force"].value


def test_nothing_pushes_in_free_motion_and_the_table_pushes_back(spec, scene):
    scene.advance(Command(spec.home + 0.2, np.zeros(JOINTS), 0), 20 * TICK_NS)
    np.testing.assert_array_equal(scene.observe()["force"].value, np.zeros(6))
    wrench = press(spec, scene)
    turn = Kinematics(spec).forward(scene.joints()[0])[1]
    force = turn @ wrench[:3]
    assert force[2] > 10.0 and np.linalg.norm(force[:2]) < 0.7 * force[2]  # upward, within friction
    touched = scene._arm.touches()
    np.testing.assert_allclose(force, sum(push for _, _, push in touched), atol=1e-6)
    torque = sum(np.cross(at - scene.tip(), push) for _, at, push in touched)
    sunk = 0.005 * np.linalg.norm(force)  # hand and table touch at places that lie some mm within each other
    np.testing.assert_allclose(turn @ wrench[3:], torque, atol=sunk)
    scene.reset(spec.home)
    np.testing.assert_array_equal(scene.observe()["force"].value, np.zeros(6))


def test_an_arm_needs_no_camera(spec):
    blind = changed(spec, sensors={n: s for n, s in spec.sensors.items() if n in ("joints", "force")})
    world = open_world(blind, PHYSICS_HZ)
    world.reset(blind.home)
    assert list(world.observe().readings) == ["joints", "force"]
    with pytest.raises(EmbodimentError, match="got no camera"):
        world.image()
    world.close()


def test_sensors_that_the_arm_does_not_have_are_refused_by_name(spec):
    tail = VectorSensor("tail", "tail", "JointState", (("tail", "rad"),), 10.0, 1.0, None, ("model",))
    with pytest.raises(EmbodimentError, match="sensor tail: joints .'tail'. not found .*'panda_joint1'"):
        open_world(changed(spec, sensors={**spec.sensors, "tail": tail}), PHYSICS_HZ)
    smell = VectorSensor("smell", "s", "Temperature", (("temperature", "K"),), 10.0, 1.0, None, ("model",))
    with pytest.raises(EmbodimentError, match="sensor smell: got Temperature, .*'WrenchStamped'"):
        open_world(changed(spec, sensors={**spec.sensors, "smell": smell}), PHYSICS_HZ)
