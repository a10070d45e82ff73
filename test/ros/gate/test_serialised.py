# SPDX-License-Identifier: Apache-2.0
"""Stamp and content of serialised images, raw and compressed, whatever stands around the pixels."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image

from ami_ros.errors import ObservationError
from ami_ros.ros.gate.serialised import content_of_compressed, content_of_serialised, stamp_of_serialised
from ami_ros.ros.wire.messages import stamp_from_ns

STAMP_NS = 12_345_678_901
PIXELS = bytes(range(96))


def raw(stamp_ns: int = STAMP_NS, frame: str = "camera", pixels: bytes = PIXELS) -> bytes:
    message = Image(height=4, width=8, encoding="rgb8", step=24, data=pixels)
    message.header.stamp, message.header.frame_id = stamp_from_ns(stamp_ns), frame
    return serialize_message(message)


def compressed(stamp_ns: int = STAMP_NS, frame: str = "camera", pixels: bytes = PIXELS) -> bytes:
    message = CompressedImage(format="rgb8; jpeg compressed bgr8", data=pixels)
    message.header.stamp, message.header.frame_id = stamp_from_ns(stamp_ns), frame
    return serialize_message(message)


@pytest.mark.parametrize(
    ("make", "content"), [(raw, content_of_serialised), (compressed, content_of_compressed)]
)
def test_the_same_pixels_have_the_same_content_whatever_else_is_new(make, content):
    seen = content(make())
    assert seen is not None
    for frame in ("", "a", "ab", "abc", "a_longer_frame"):
        assert content(make(STAMP_NS + 7, frame)) == seen
        assert stamp_of_serialised(make(STAMP_NS + 7, frame)) == STAMP_NS + 7
    assert content(make(pixels=PIXELS[:-1] + b"\0")) != seen
    assert content(make(pixels=PIXELS[:-1])) != seen


@pytest.mark.parametrize(
    ("make", "content"), [(raw, content_of_serialised), (compressed, content_of_compressed)]
)
def test_empty_and_cut_off_images(make, content):
    assert content(make(pixels=b"")) is None
    whole = make()
    for length in (13, 20, 30, len(whole) - 1 - len(whole) % 4):
        with pytest.raises(ObservationError, match="got"):
            content(whole[:length])
