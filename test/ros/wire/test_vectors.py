# SPDX-License-Identifier: Apache-2.0
"""Vector sensors over the wire: what is said arrives, and whatever is wrong is refused by name."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
from std_msgs.msg import Float64MultiArray, MultiArrayDimension

from ami_ros.body.sensors import PARTIAL, VECTOR_MESSAGES, VectorSensor
from ami_ros.errors import ObservationError
from ami_ros.recordings.message_values import FIELDS, FIELDS_BY_NAME, PACKAGES, vector_from_ros
from ami_ros.ros.wire.vectors import fill, vector_to_ros, vector_type

STAMP_NS, NOW_NS = 3_000_000_007, 4_000_000_011
NAMES = ("hot", "cold", "outside")


def sensor(message: str, units: tuple[str, ...] = ("degC", "degC", "K")) -> VectorSensor:
    names = VECTOR_MESSAGES[message] or NAMES
    values = tuple(zip(names, (units * 3)[: len(names)], strict=True))
    return VectorSensor("thing", "plant/thing", message, values, 10.0, 0.5, None, ("model", "gate"))


def numbers(count: int) -> np.ndarray:
    return np.linspace(-1.5, 2.5, count)


def labelled(*labels: str, data: tuple[float, ...] = (1.0, 2.0, 3.0)) -> Float64MultiArray:
    message = Float64MultiArray(data=list(data))
    message.layout.dim = [MultiArrayDimension(label=label, size=1, stride=1) for label in labels]
    return message


def test_every_message_that_a_yaml_may_name_is_known_here():
    assert set(PACKAGES) == set(VECTOR_MESSAGES)
    named = {name for name, values in VECTOR_MESSAGES.items() if values is not None}
    assert set(FIELDS) | set(FIELDS_BY_NAME) == named and set(FIELDS_BY_NAME) == set(PARTIAL)
    assert all(set(FIELDS_BY_NAME[name]) == set(PARTIAL[name]) for name in PARTIAL)
    assert all(len(FIELDS[name]) == len(VECTOR_MESSAGES[name]) for name in FIELDS)


@pytest.mark.parametrize("message", list(VECTOR_MESSAGES))
def test_what_is_said_arrives(message):
    said = sensor(message)
    sent = vector_to_ros(numbers(said.size), said, STAMP_NS, "frame")
    assert isinstance(sent, vector_type(said))
    values, stamp_ns = vector_from_ros(sent, said, NOW_NS)
    np.testing.assert_allclose(values, numbers(said.size), rtol=1e-14)  # a heading is sent as a quaternion
    assert stamp_ns == (NOW_NS if message == "Float64MultiArray" else STAMP_NS)
    assert len(said.units) == said.size


@pytest.mark.parametrize("message", list(VECTOR_MESSAGES))
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_numbers_that_are_not_finite(message, bad):
    said = sensor(message)
    values = numbers(said.size)
    values[-1] = bad
    with pytest.raises(ObservationError, match="non-finite at index"):
        vector_from_ros(vector_to_ros(values, said, STAMP_NS), said, NOW_NS)


@pytest.mark.parametrize("count", [0, 2, 4])
def test_another_number_of_values(count):
    with pytest.raises(
        ObservationError, match=r"thing \(plant/thing\): got shape \(\d,\), expected .* 3 num"
    ):
        vector_from_ros(Float64MultiArray(data=[0.5] * count), sensor("Float64MultiArray"), NOW_NS)


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (("hot", "hot", "outside"), r"got \['hot'\] more than once"),
        (("cold", "hot", "outside"), r"got values \['cold', 'hot', 'outside'\], expected \['hot', 'cold'"),
        (("hot:degC", "cold:K", "outside:K"), "cold: got unit 'K', expected 'degC'"),
    ],
)
def test_labels_that_contradict_the_description(labels, why):
    with pytest.raises(ObservationError, match=why):
        vector_from_ros(labelled(*labels), sensor("Float64MultiArray"), NOW_NS)


@pytest.mark.parametrize("labels", [(), ("values",), ("", "", ""), NAMES, ("hot:degC", "cold", "outside:K")])
def test_labels_may_be_left_out(labels):
    values, _ = vector_from_ros(labelled(*labels), sensor("Float64MultiArray"), NOW_NS)
    assert values.tolist() == [1.0, 2.0, 3.0]


def odometry(*names: str) -> VectorSensor:
    values = tuple((name, PARTIAL["Odometry"][name]) for name in names)
    return VectorSensor("odometry", "odom", "Odometry", values, 50.0, 0.5, None, ("gate",))


def test_sensors_that_share_a_message():
    wheels, pose = odometry("wz", "vx"), odometry("x", "yaw", "y")
    message = vector_to_ros(np.array([0.25, -0.5]), wheels, STAMP_NS)
    fill(message, np.array([1.5, -3.0, 2.5]), pose)
    assert (message.header.frame_id, message.child_frame_id) == ("odom", "base_link")
    assert (message.twist.twist.angular.z, message.twist.twist.linear.x) == (0.25, -0.5)
    np.testing.assert_allclose(vector_from_ros(message, pose, NOW_NS)[0], [1.5, -3.0, 2.5])
    np.testing.assert_array_equal(vector_from_ros(message, wheels, NOW_NS)[0], [0.25, -0.5])


def test_a_heading_needs_a_quaternion_that_is_one():
    pose = odometry("yaw")
    message = vector_to_ros(np.array([2.0]), pose, STAMP_NS)
    turn = message.pose.pose.orientation
    turn.z, turn.w = 1.7 * turn.z, 1.7 * turn.w  # not of length 1: many drivers round
    assert vector_from_ros(message, pose, NOW_NS)[0] == pytest.approx([2.0])
    turn.z = turn.w = 0.0
    with pytest.raises(ObservationError, match="odometry"):
        vector_from_ros(message, pose, NOW_NS)
