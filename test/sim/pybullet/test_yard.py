# SPDX-License-Identifier: Apache-2.0
"""The yard: wheels carry the base as far as they grip, sensors tell what they can, and all can be repeated."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs pybullet")
from bodies.wheeled_base import husky_yaml

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.body.scenery import Box
from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.variation import Light, Variation
from ami_ros.sim.pybullet.wheeled_base import with_payload, yaw_of
from ami_ros.sim.pybullet.yard import Yard
from ami_ros.sim.world.open_world import open_world
from ami_ros.types import Command

PHYSICS_HZ, TICK_NS = 200.0, 10_000_000
START = np.array([0.5, -0.75, 0.6])
PIXELS = 64


def opened(spec: RobotSpec) -> Yard:
    yard = open_world(spec, PHYSICS_HZ)
    assert isinstance(yard, Yard)
    return yard


@pytest.fixture(scope="module")
def yard():
    yard = opened(load_robot("husky", "drive"))
    yield yard
    yard.close()


def drive(yard: Yard, vx: float, wz: float, seconds: float) -> np.ndarray:
    """Drive, and return how x, y (m, in its own frame at the start) and yaw (rad) have changed."""
    before = yard.pose()
    command = Command(np.array([vx, wz]), np.zeros(2), 0)
    for _ in range(round(seconds * 1e9 / TICK_NS)):
        yard.advance(command, TICK_NS)
    after, cos, sin = yard.pose(), math.cos(before[2]), math.sin(before[2])
    way, turn = after[:2] - before[:2], after[2] - before[2]
    return np.array(
        [cos * way[0] + sin * way[1], cos * way[1] - sin * way[0], math.remainder(turn, math.tau)]
    )


def test_it_stands_still_where_it_was_put(yard):
    yard.reset(START)
    np.testing.assert_allclose(yard.pose(), START, atol=1e-9)
    assert np.abs(drive(yard, 0.0, 0.0, 1.0)).max() < 2e-3


def test_it_goes_straight_and_turns_less_than_its_wheels_tell(yard):
    yard.reset(START)
    np.testing.assert_allclose(drive(yard, 0.4, 0.0, 2.0), [0.8, 0.0, 0.0], atol=0.02)
    yard.reset(START)
    turned = drive(yard, 0.0, 0.8, 2.0)
    assert np.abs(turned[:2]).max() < 0.03, "about the point between its wheels"
    assert 0.7 * 1.6 < turned[2] < 0.95 * 1.6, "four wheels that cannot steer skid"
    wheels = yard.vectors()["wheels"]
    np.testing.assert_allclose(wheels, [0.0, 0.8], atol=0.02)


def test_backward_is_the_mirror_of_forward(yard):
    yard.reset(START)
    ahead = drive(yard, 0.4, 0.5, 1.5)
    yard.reset(START)
    back = drive(yard, -0.4, -0.5, 1.5)
    np.testing.assert_allclose(back, ahead * [-1.0, 1.0, -1.0], atol=0.05)


def test_the_same_again_to_the_bit(yard):
    def ride(of: Yard) -> np.ndarray:
        of.vary(None, seed=7)
        of.reset(START)
        return np.concatenate([drive(of, 0.5, 0.7, 0.5), drive(of, -0.2, -0.9, 0.5), *of.vectors().values()])

    first = ride(yard)
    drive(yard, 0.3, -0.4, 0.3)
    np.testing.assert_array_equal(ride(yard), first)
    other = opened(load_robot("husky", "drive"))
    np.testing.assert_array_equal(ride(other), first)
    other.close()


def test_a_wall_stops_it(tmp_path):
    def add(values):
        wall = {"half_size": [0.1, 2.0, 0.3], "centre": [1.5, 0.0, 0.3], "colour": [0.5, 0.5, 0.5, 1.0]}
        values["simulation"]["scenery"]["wall"] = wall

    yard = opened(load_robot(husky_yaml(tmp_path, add)))
    yard.reset(np.zeros(3))
    drive(yard, 0.5, 0.0, 6.0)
    assert 0.6 < yard.pose()[0] < 1.0, "the bumper, not the middle, is at the wall"
    assert yard.vectors()["wheels"][0] == pytest.approx(0.5, abs=0.05), "its wheels spin"
    yard.close()


def test_the_pose_has_noise_and_the_truth_has_not(yard):
    yard.vary(None, seed=3)
    yard.reset(np.array([0.1, 0.2, math.pi]))
    seen = np.array([yard.vectors()["pose"] for _ in range(300)])
    std = np.array(yard._spec.simulation.pose_noise_std)
    np.testing.assert_allclose(seen[:, :2].std(axis=0), std[:2], rtol=0.2)
    assert np.abs(seen[:, 2]).max() <= math.pi and (seen[:, 2] < 0).any() and (seen[:, 2] > 0).any()
    truth = yard.truth()
    np.testing.assert_allclose([*truth["position"], *truth["heading"]], [0.1, 0.2, -1.0, 0.0], atol=1e-9)
    assert truth["objects"].shape == (0, 3)


def test_pictures_of_elsewhere_leave_it_where_it_is(yard):
    yard.vary(None)
    yard.reset(START)
    drive(yard, 0.3, 0.3, 0.4)
    before, moment = yard.image(PIXELS, PIXELS), yard.snapshot()
    goal = yard.images_at(np.array([-1.0, 0.5, 2.0]))["camera"]
    assert goal.shape == (96, 96, 3)
    np.testing.assert_array_equal(yard.image(PIXELS, PIXELS), before)
    yard.reset(np.array([-1.0, 0.5, 2.0]))
    np.testing.assert_array_equal(yard.image(), goal)
    yard.show(moment)
    np.testing.assert_array_equal(yard.image(PIXELS, PIXELS), before)


def test_front_and_back_look_different(yard):
    yard.reset(np.array([0.0, 0.0, 0.0]))
    ahead = yard.image(PIXELS, PIXELS).astype(int)
    yard.reset(np.array([0.0, 0.0, math.pi]))
    back = yard.image(PIXELS, PIXELS).astype(int)
    assert (np.abs(ahead - back).max(axis=2) > 60).sum() > 10


def test_it_looks_otherwise_and_as_before(yard):
    yard.vary(None)
    yard.reset(START)
    plain = yard.image()
    yard.vary(Variation(light=Light(ambient=0.3), tints=((0.5, 0.6, 0.7),)), seed=1)
    assert np.abs(yard.image().astype(int) - plain).mean() > 5
    yard.vary(None)
    np.testing.assert_array_equal(yard.image(), plain)


def test_where_things_may_stand_and_how_large(yard):
    np.testing.assert_array_equal(yard.area, [[-2.2, -2.2], [2.2, 2.2]])
    assert yard.scale == pytest.approx(0.62 / 0.12)


def put(keys: str, value):
    def change(values):
        *path, last = keys.split(".")
        for key in path:
            values = values[key]
        values[last] = value

    return change


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        ("simulation.scenery", {}, "expected a box with its top at z = 0"),
        ("simulation.drive.left", ["third_wheel"], "third_wheel.*it has"),
    ],
)
def test_a_yard_that_cannot_be_is_refused(tmp_path, keys, value, told):
    with pytest.raises(EmbodimentError, match=told):
        open_world(load_robot(husky_yaml(tmp_path, put(keys, value))), PHYSICS_HZ)


def test_an_arm_has_no_yard():
    with pytest.raises(EmbodimentError, match="no base"):
        Yard(load_robot("panda"), PHYSICS_HZ)


def test_a_heading_of_any_quaternion():
    half = 0.5 * 2.5
    assert yaw_of(np.array([0.0, 0.0, math.sin(half), math.cos(half)]) * 3.0) == pytest.approx(2.5)


def test_a_name_of_what_is_mounted_is_a_name():
    name = 'plate"><link name="evil"/><link name="<&'
    text = with_payload('<robot><link name="base"/></robot>', {name: Box((0.1,) * 3, (0.0,) * 3, (1.0,) * 4)})
    assert [link.get("name") for link in ElementTree.fromstring(text).iter("link")] == ["base", name]


def test_nothing_mounted_changes_nothing():
    assert with_payload("<robot/>", {}) == "<robot/>"
