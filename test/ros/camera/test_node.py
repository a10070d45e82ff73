# SPDX-License-Identifier: Apache-2.0
"""The camera's driver over DDS, with a video file in the camera's place."""

from __future__ import annotations

import os
import signal
import time

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image

from ami_ros.ros.wire.messages import image_from_ros, stamp_to_ns

NODE, HEIGHT, WIDTH, SIDE, PICTURES = "ami_ros.ros.camera.node", 48, 64, 128, 10
RATE_HZ = 10.0  # of the Panda's camera


def film(path) -> None:
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, code, 30.0, (WIDTH, HEIGHT))
    for grey in range(PICTURES):
        writer.write(np.full((HEIGHT, WIDTH, 3), 20 * grey, np.uint8))
    writer.release()


@pytest.fixture
def path(tmp_path):
    film(tmp_path / "camera.avi")
    return tmp_path / "camera.avi"


@pytest.fixture
def images(probe):
    return probe.listen(Image, "camera/image_raw", decode=lambda message: (message, time.time_ns()))


@pytest.fixture
def says(probe):
    health = probe.listen(DiagnosticArray, "/diagnostics", 50, lambda message: message.status[0])

    def says(text: str, level: bytes) -> None:
        health.clear()
        probe.until(lambda: any(text in one.message and one.level == level for one in health), text)

    return says


def test_pictures_as_the_robots_yaml_describes_them_stamped_when_they_were_taken(start, probe, path, images):
    start(NODE, device=str(path), fps=RATE_HZ, reopen_s=0.1)
    probe.until(lambda: len(images) >= PICTURES, "pictures, also of a file that begins again")
    message, arrived_ns = images[-1]
    assert image_from_ros(message).shape == (SIDE, SIDE, 3)
    assert message.header.frame_id == "camera_optical_frame" and message.encoding == "rgb8"
    stamps = [stamp_to_ns(image.header.stamp) for image, _ in images]
    assert stamps == sorted(set(stamps)) and stamps[-1] < arrived_ns
    greys = [int(image_from_ros(image).mean()) for image, _ in images]
    assert all(abs(grey - 20 * round(grey / 20)) <= 4 for grey in greys) and len(set(greys)) > 3


def test_a_camera_that_goes_is_reported_with_those_that_are_there_and_opened_again(
    start, probe, path, images, says
):
    start(NODE, device=str(path), fps=RATE_HZ, reopen_s=0.3)
    probe.until(lambda: images, "pictures")
    path.rename(path.with_suffix(".away"))
    says("camera.avi: no such camera; cameras here:", b"\x02")
    images.clear()
    path.with_suffix(".away").rename(path)
    probe.until(lambda: images, "pictures again")


def test_it_ends_when_asked_to(start, probe, path, images):
    process = start(NODE, device=str(path), fps=RATE_HZ)
    probe.until(lambda: images, "pictures")
    os.kill(process.pid, signal.SIGTERM)
    probe.until(lambda: process.exit_code is not None, "its end")
    assert process.exit_code == 0 and "Traceback" not in process.log_tail()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"sensor": "front"}, "sensor: got front, expected a camera of robot panda: ['camera']"),
        ({"fps": 0.0}, "fps: got 0.0"),
        ({"pixel_format": "H264"}, "pixel_format: got 'H264'"),
    ],
)
def test_mistakes_end_it_with_a_line(start, probe, parameters, said):
    process = start(NODE, **parameters)
    probe.until(lambda: process.exit_code is not None, "its end")
    assert process.exit_code == 2
    assert said in process.log_tail() and "Traceback" not in process.log_tail()
