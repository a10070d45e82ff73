# SPDX-License-Identifier: Apache-2.0
"""A base in a robot's YAML: what it is, and whatever is wrong with it is told by name."""

from __future__ import annotations

import numpy as np
import pytest
from bodies.wheeled_base import AREA, husky_yaml

from ami_ros.body.drive_simulation import Drive, DriveSimulation
from ami_ros.body.polygon import crosses_itself, room
from ami_ros.body.robot_spec import load_robot
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import ConfigError, EmbodimentError

L_SHAPE = np.array(AREA)


def put(keys: str, value):
    def change(values):
        *path, last = keys.split(".")
        for key in path:
            values = values[key]
        if value is ...:
            del values[last]
        else:
            values[last] = value

    return change


def test_the_husky():
    spec = load_robot("husky", "drive")
    assert not spec.arms and spec.base is not None and spec.base.keep_in is not None
    assert spec.command_names == ("vx", "wz") and spec.standstill.tolist() == [0.0, 0.0]
    assert spec.limits.velocity.tolist() == [1.0, 2.0], "m/s^2, rad/s^2"
    assert spec.base.pose(np.array([1.0, 2.0, 3.0])).tolist() == [1.0, 2.0, 3.0]
    assert [sensor.name for sensor in spec.vectors_for("model")] == ["wheels"], (
        "a pose drifts and wraps around"
    )
    assert {sensor.topic for sensor in spec.vectors} == {"odom"}
    simulation = spec.simulation
    assert isinstance(simulation, DriveSimulation) and simulation.urdf.is_file()
    assert not simulation.hold_joints and not simulation.held


def test_the_pose_is_read_in_the_order_of_its_sensor(tmp_path):
    values = {"yaw": "rad", "vx": "m/s", "y": "m", "x": "m"}
    spec = load_robot(husky_yaml(tmp_path, put("sensors.pose.values", values)))
    assert spec.base.pose(np.array([0.1, 0.2, 0.3, 0.4])).tolist() == [0.4, 0.3, 0.1]


def test_an_arm_and_a_base_may_be_left_out(tmp_path):
    spec = load_robot(husky_yaml(tmp_path, put("simulation", {"kind": "none"})))
    assert spec.base is not None
    free = {"base": {"radius": 0.5}, "simulation": {"kind": "none"}}
    spec = load_robot(husky_yaml(tmp_path, lambda values: values.update(free)))
    assert (spec.base.keep_in, spec.base.sensor, spec.base.radius) == (None, "", 0.5)
    bare = {"base": {}, "simulation": {"kind": "none"}}
    assert load_robot(husky_yaml(tmp_path, lambda values: values.update(bare))).base is None


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        ("base.radius", 0.0, "radius"),
        ("base.radius", ..., "radius"),
        ("base.pose", "wheels", "used_by the gate.*one of \\['pose'\\]"),
        ("base.pose", "sonar", "'sonar'.*one of \\['pose'\\]"),
        ("base.pose", "", "expected the sensor that measures"),
        ("sensors.pose.used_by", ["model"], "one of \\[\\]"),
        ("base.keep_in", [[0, 0], [1, 0]], "at least three corners"),
        ("base.keep_in", [[0, 0], [1, 0], [2, 0]], "0 m\\^2"),
        ("base.keep_in", [[0, 0], [2, 2], [2, 0], [0, 2]], "do not cross"),
        ("base.keep_in", [[0, 0], [1, 0], [0, ".nan"]], "corners"),
        ("base.keep_in", [[0, 0], [1, 0], [0, float("nan")]], "corners"),
        ("base.keep_in", [[0, 0], [1, 0], [1, 0], [0, 1]], "corners"),
        ("base.height", 1.0, "height"),
        ("actions.meaning", "setpoint", "expected twist for a base|cannot carry"),
        ("base", {}, "needs a section base"),
        ("simulation.drive.left", [], "joints of the URDF for each side"),
        ("simulation.drive.right", ["front_left_wheel"], "each once"),
        ("simulation.drive.track", -1.0, "track"),
        ("simulation.drive.springs", 1.0, "springs"),
        ("simulation.pose_noise_std", [0.1], "three numbers"),
        ("simulation.urdf", "package://pybullet_data/husky/tank.urdf", "no such file"),
        ("simulation.payload", {"plate": 3}, "expected a mapping"),
        ("actions.channels.wz.unit", "deg/s", "channels.wz: unit: got 'deg/s', expected rad/s for twist"),
        ("actions.channels.vx.unit", "rad/s", "channels.vx: unit: got 'rad/s', expected m/s for twist"),
        ("actions.channels.vy", {"unit": "m/s", "range": 1.0}, "expected some of \\['vx', 'wz'\\]"),
        ("sensors.wheels.values", {"vx": "km/h"}, "expected some of.*'vx': 'm/s'"),
        ("sensors.wheels.values", {"speed": "m/s"}, "expected some of"),
        ("sensors.wheels.rate_hz", 10.0, "same topic 'odom'.*Odometry"),
        ("sensors.wheels.topic", "camera/image_raw", "same topic"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, keys, value, told):
    with pytest.raises((ConfigError, EmbodimentError), match=told):
        load_robot(husky_yaml(tmp_path, put(keys, value)))


def test_two_sensors_share_a_topic_only_where_one_message_has_both(tmp_path):
    def two_wrenches(values):
        wrench = {"kind": "vector", "message": "Float64MultiArray", "topic": "odom", "rate_hz": 50.0}
        values["sensors"]["more"] = {**wrench, "values": {"a": "m"}, "max_age_s": 0.5}

    with pytest.raises(EmbodimentError, match="wheels and more have the same topic"):
        load_robot(husky_yaml(tmp_path, two_wrenches))
    spec = load_robot(husky_yaml(tmp_path))
    assert all(isinstance(sensor, VectorSensor) and sensor.message == "Odometry" for sensor in spec.vectors)


def test_wheel_speeds_and_back():
    drive = Drive(("l",), ("r",), 0.2, 0.5, 10.0, 1.0, 1.0, 1.0)
    left, right = drive.wheel_speeds(0.6, 0.8)
    assert (left, right) == pytest.approx(((0.6 - 0.2) / 0.2, (0.6 + 0.2) / 0.2))
    assert drive.motion(left, right) == pytest.approx((0.6, 0.8))


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((-1.0, -1.0), 1.5),
        ((2.0, 0.25), 0.25),
        ((1.0, 1.0), -0.5),
        ((0.5, 0.5), 0.0),
        ((4.75, -1.0), -2.0),
        ((3.75, -3.5), -np.sqrt(2.0)),
        ((np.nan, 0.0), -np.inf),
    ],
)
def test_room_in_a_polygon_by_hand(point, expected):
    assert room(np.array([point]), L_SHAPE)[0] == pytest.approx(expected)
    turned = L_SHAPE[::-1]
    assert room(np.array([point, point]), turned)[1] == pytest.approx(expected), "whichever way it is listed"


def test_which_polygons_cross_themselves():
    assert not crosses_itself(L_SHAPE)
    assert not crosses_itself(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert crosses_itself(np.array([[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]))
