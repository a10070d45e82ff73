# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import array
import dataclasses
import math
import time

import cv2
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image, JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from ami_ros.errors import ImageError, JointStateError, ObservationError, ProposalError
from ami_ros.ros.gate.serialised import stamp_of_serialised
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_from_ros, status_to_ros
from ami_ros.ros.wire.messages import (
    command_from_ros,
    command_to_ros,
    image_from_compressed,
    image_from_ros,
    image_to_ros,
    joints_from_ros,
    joints_to_ros,
    stamp_from_ns,
    stamp_to_ns,
    trajectory_from_ros,
    trajectory_to_ros,
)
from ami_ros.ros.wire.verdicts import Judgement, judgement_from_ros, judgement_to_ros
from ami_ros.types import Command, Level, Reason, Trajectory, Verdict

HEIGHT, WIDTH, JOINTS, POINTS = 5, 7, 3, 4
NAMES = ("a", "b", "c")
STAMP_NS = 1_700_000_000_123_456_789
RGB = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def image(encoding: str = "rgb8", pixels: np.ndarray = RGB, padding: int = 0) -> Image:
    rows = np.ascontiguousarray(pixels).reshape(HEIGHT, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=255)
    message = Image(height=HEIGHT, width=WIDTH, encoding=encoding, step=rows.shape[1])
    message.data = array.array("B", rows.tobytes())
    return message


ALPHA = np.full((HEIGHT, WIDTH, 1), 9, dtype=np.uint8)
ENCODED = {
    "rgb8": RGB,
    "bgr8": RGB[:, :, ::-1],
    "rgba8": np.concatenate([RGB, ALPHA], axis=2),
    "bgra8": np.concatenate([RGB[:, :, ::-1], ALPHA], axis=2),
}


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("encoding", list(ENCODED))
def test_colour_images_become_rgb(encoding: str, padding: int):
    message = image(encoding, ENCODED[encoding], padding)
    message.is_bigendian = 1
    assert np.array_equal(image_from_ros(message), RGB)


def test_a_grey_image_becomes_rgb():
    grey = RGB[:, :, 0]
    assert np.array_equal(image_from_ros(image("mono8", grey)), np.stack([grey] * 3, axis=2))


def test_an_image_survives_the_round_trip():
    message = image_to_ros(RGB, STAMP_NS, "camera")
    assert isinstance(message.data, array.array)
    assert np.array_equal(image_from_ros(message), RGB)
    assert stamp_to_ns(message.header.stamp) == STAMP_NS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"encoding": "16UC1"}, r"'16UC1'.*rgb8, bgr8, rgba8, bgra8, mono8"),
        ({"encoding": ""}, r"got ''"),
        ({"width": 0}, r"0x5 pixels"),
        ({"height": 0}, r"7x0 pixels"),
        ({"step": 20}, r"20 bytes per row, expected at least 21"),
        ({"data": array.array("B", b"1" * 104)}, r"104 bytes, expected 105"),
        ({"data": array.array("B", b"1" * 106)}, r"106 bytes, expected 105"),
        ({"data": array.array("B")}, r"got 0 bytes"),
        ({"step": 2**31}, r"expected 10737418240"),
    ],
)
def test_bad_images_are_refused_with_numbers(change: dict, says: str):
    message = image()
    for name, value in change.items():
        setattr(message, name, value)
    with pytest.raises(ImageError, match=says):
        image_from_ros(message)


def test_compressed_images():
    png = cv2.imencode(".png", RGB[:, :, ::-1])[1].tobytes()
    assert np.array_equal(
        image_from_compressed(CompressedImage(format="png", data=array.array("B", png)), RGB.size), RGB
    )
    damaged = png[:41] + bytes(len(png) - 41 - 12) + png[-12:]  # chunks in order, pixels zeroed
    for data, says in (
        (b"", "no data"),
        (b"not a png", "expected a jpeg or a png"),
        (png[:20], "20 bytes that end"),
        (damaged[:-12] + png[-12:], "png"),
    ):
        with pytest.raises(ImageError, match=says):
            image_from_compressed(CompressedImage(format="png", data=array.array("B", data)), RGB.size)


def test_images_of_more_pixels_than_the_limit_are_refused():
    png = cv2.imencode(".png", RGB)[1].tobytes()
    messages = {image_from_ros: image(), image_from_compressed: CompressedImage(data=array.array("B", png))}
    for decode, message in messages.items():
        assert decode(message, WIDTH * HEIGHT).shape == RGB.shape
        with pytest.raises(ImageError, match="got 7x5 = 35 pixels, expected at most 34"):
            decode(message, WIDTH * HEIGHT - 1)


def test_joints_are_reordered_and_declared_fingers_ignored():
    message = JointState(
        name=["finger", "c", "a", "b"], position=[9.0, 3.0, 1.0, 2.0], velocity=[9.0, 0.3, 0.1, 0.2]
    )
    position, velocity = joints_from_ros(message, NAMES, ignored=("finger",))
    assert position.tolist() == [1.0, 2.0, 3.0]
    assert velocity.tolist() == [0.1, 0.2, 0.3]


def test_velocities_may_be_left_out():
    _, velocity = joints_from_ros(JointState(name=list(NAMES), position=[1.0, 2.0, 3.0]), NAMES)
    assert velocity.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("name", "position", "velocity", "says"),
    [
        (["a", "b"], [1.0, 2.0], [], r"missing \['c'\]"),
        (
            ["a", "b", "x"],
            [1.0, 2.0, 3.0],
            [],
            r"missing \['c'\], unknown \['x'\].*expected \['a', 'b', 'c'\]",
        ),
        (["a", "b", "c", "x"], [1.0, 2.0, 3.0, 4.0], [], r"unknown \['x'\].*hold_joints.*held"),
        (["a", "b", "c", "a"], [1.0, 2.0, 3.0, 4.0], [], r"\['a'\] more than once"),
        (["a", "b", "c"], [1.0, 2.0], [], r"position: got 2 numbers for 3 names"),
        (["a", "b", "c"], [1.0, 2.0, 3.0], [1.0], r"velocity: got 1 numbers for 3 names"),
        (["a", "b", "c"], [1.0, math.nan, 3.0], [], r"position: non-finite at index \[1\]"),
        (["a", "b", "c"], [1.0, 2.0, 3.0], [0.0, 0.0, math.inf], r"velocity: non-finite at index \[2\]"),
        ([], [], [], r"missing \['a', 'b', 'c'\]"),
    ],
)
def test_bad_joint_states_are_refused(name: list, position: list, velocity: list, says: str):
    with pytest.raises(JointStateError, match=says):
        joints_from_ros(JointState(name=name, position=position, velocity=velocity), NAMES)


@pytest.mark.parametrize("velocity", [[], [math.nan] * 3])
def test_velocities_that_nobody_measured_are_zero(velocity):
    message = JointState(name=list(NAMES), position=[1.0, 2.0, 3.0], velocity=velocity)
    position, measured = joints_from_ros(message, NAMES)
    assert position.tolist() == [1.0, 2.0, 3.0] and measured.tolist() == [0.0, 0.0, 0.0]
    message.velocity = [math.nan, 0.1, 0.2]
    with pytest.raises(JointStateError, match="velocity: non-finite at index"):
        joints_from_ros(message, NAMES)


def test_nan_of_a_finger_does_not_matter():
    message = JointState(name=["finger", *NAMES], position=[math.nan, 1.0, 2.0, 3.0])
    assert joints_from_ros(message, NAMES, ignored=("finger",))[0].tolist() == [1.0, 2.0, 3.0]


def test_joints_survive_the_round_trip():
    position, velocity = np.array([0.1, -0.2, 1 / 3]), np.array([1e-9, 0.0, -2.0])
    message = joints_to_ros(NAMES, position, velocity, STAMP_NS)
    back = joints_from_ros(message, NAMES)
    assert np.array_equal(back[0], position) and np.array_equal(back[1], velocity)
    assert stamp_to_ns(message.header.stamp) == STAMP_NS


def test_a_trajectory_survives_the_round_trip_to_the_last_bit():
    positions = np.random.default_rng(1).normal(size=(POINTS, JOINTS))
    times = np.array([0, 1, 100_000_000, 3_000_000_001], dtype=np.int64)
    back = trajectory_from_ros(trajectory_to_ros(Trajectory(NAMES, positions, times, STAMP_NS)))
    assert back.joint_names == NAMES and back.stamp_ns == STAMP_NS
    assert np.array_equal(back.positions, positions) and np.array_equal(back.time_from_start_ns, times)


def test_trajectories_that_are_no_array_are_refused():
    points = [JointTrajectoryPoint(positions=[0.0] * count) for count in (3, 2)]
    with pytest.raises(ProposalError, match=r"\[2, 3\] positions"):
        trajectory_from_ros(JointTrajectory(joint_names=list(NAMES), points=points))
    assert trajectory_from_ros(JointTrajectory(joint_names=list(NAMES))).positions.shape == (0, 3)


def test_a_command_survives_the_round_trip_and_may_be_reordered():
    command = Command(np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 3.0]), STAMP_NS)
    message = command_to_ros(command, NAMES, 10_000_000)
    assert message.points[0].time_from_start.nanosec == 10_000_000
    back = command_from_ros(message, ("c", "a", "b"))
    assert back.position.tolist() == [0.3, 0.1, 0.2] and back.stamp_ns == STAMP_NS
    with pytest.raises(JointStateError, match="no points"):
        command_from_ros(JointTrajectory(joint_names=list(NAMES)), NAMES)


def test_a_verdict_survives_the_round_trip():
    reasons = (Reason("TRACKING_ERROR", {"error": 1 / 3, "joint_index": 4}), Reason("NAMES", {"got": "a b"}))
    judgement = Judgement(Verdict(Level.HOLD, reasons), STAMP_NS, proposal_stamp_ns=5)
    message = judgement_to_ros(judgement, "panda")
    assert judgement_from_ros(message) == judgement
    assert "TRACKING_ERROR(error=0.33" in message.status[0].message
    assert (
        judgement_from_ros(judgement_to_ros(Judgement(Verdict(Level.PASS), 1), "")).proposal_stamp_ns is None
    )
    message.status[0].values.pop()
    with pytest.raises(ValueError, match="expected level and reasons"):
        judgement_from_ros(message)


def test_a_goal_status_survives_the_round_trip():
    moving = GoalStatus(
        GoalState.MOVING, "on its way", "joints", ("joints",), 7, 8, 2.5, 1 / 3, {"x": 0.1}, "hold", 4.0
    )
    moving = dataclasses.replace(
        moving, disagreement=1.5, surprise=2 / 3, surprise_terms={"motion": 0.5, "pose": 2 / 3}
    )
    for status in (moving, GoalStatus(GoalState.WAITING, "no image")):
        assert status_from_ros(status_to_ros(status, "panda")) == status


@pytest.mark.parametrize("kind", [Image, CompressedImage])
def test_the_heartbeat_reads_the_stamp_and_nothing_else(kind: type):
    message = kind()
    message.header.stamp, message.header.frame_id = stamp_from_ns(STAMP_NS), "camera"
    assert stamp_of_serialised(serialize_message(message)) == STAMP_NS
    with pytest.raises(ObservationError, match="got 3 serialised bytes"):
        stamp_of_serialised(b"abc")


def test_publishing_an_image_copies_it_fast():
    """A regression guard by two orders of magnitude, not a benchmark: `bytes` is checked item by item."""
    big = np.zeros((480, 640, 3), dtype=np.uint8)
    before = time.perf_counter()
    image_to_ros(big, 0, "")
    assert time.perf_counter() - before < 0.1
