# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ami_ros.devices import usb_camera
from ami_ros.devices.usb_camera import UsbCamera, fitted, unlike
from ami_ros.errors import DeviceError
from ami_ros.node_settings import CameraSettings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path

HEIGHT, WIDTH, SIDE, PICTURES = 48, 64, 32, 3
RED = (200, 30, 40)  # RGB


def video(path: Path) -> Path:
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, code, 50.0, (WIDTH, HEIGHT))
    for _ in range(PICTURES):
        writer.write(np.full((HEIGHT, WIDTH, 3), RED[::-1], np.uint8))
    writer.release()
    return path


def camera(device: Path | str) -> UsbCamera:
    settings = load_settings(
        CameraSettings, config_path("camera_node.yaml"), {"device": str(device), "fps": 200.0}
    )
    return UsbCamera(settings, SIDE, SIDE)


def test_pictures_are_rgb_in_the_size_of_the_sensor_until_they_end(tmp_path):
    it = camera(video(tmp_path / "seen.avi"))
    assert it.open() == []
    for _ in range(PICTURES):
        it.grab()
        picture = it.picture()
        assert picture.shape == (SIDE, SIDE, 3) and np.abs(picture.mean((0, 1)) - RED).max() < 8.0
    with pytest.raises(DeviceError, match=r"seen.avi: sends no more pictures; is the cable plugged in"):
        it.grab()
    it.open()
    it.grab()
    it.close()
    with pytest.raises(DeviceError, match="damaged picture"):
        it.picture()


def test_a_missing_camera_is_answered_with_those_that_are_there(tmp_path, monkeypatch):
    for folder in ("dev", "class/video0"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("video0", "video2"):
        (tmp_path / "dev" / name).touch()
    (tmp_path / "class/video0/name").write_text("HD Webcam\n")
    monkeypatch.setattr(usb_camera, "DEVICES", tmp_path / "dev")
    monkeypatch.setattr(usb_camera, "NAMES", tmp_path / "class")
    with pytest.raises(
        DeviceError, match=r"/nowhere: no such camera; cameras here: .*video0 \(HD Webcam\).*video2"
    ):
        camera("/nowhere").open()


def test_what_is_no_video_is_refused(tmp_path):
    path = tmp_path / "words.avi"
    path.write_text("words")
    with pytest.raises(DeviceError, match="words.avi: cannot be opened"):
        camera(path).open()


def test_the_middle_is_kept_and_nothing_is_stretched():
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, :8] = 255  # cut off: 64 x 48 has 8 columns too many on each side
    image[:, 8:32, 0] = 100
    found = fitted(image, 24, 24)
    assert found.shape == (24, 24, 3) and found[..., 1:].max() == 0
    assert (found[:, :12, 0] == 100).all() and found[:, 12:].max() == 0
    assert fitted(image, WIDTH, HEIGHT).tolist() == image.tolist()


def test_what_a_camera_does_not_take_is_named_as_it_is_in_the_end():
    there = {1: 0.0, 2: 0.0}

    def put(what: int, value: float) -> bool:
        there[what] = min(value, 320.0)
        return True

    assert unlike([("width", 1, 640.0), ("fps", 2, 30.0)], put, there.__getitem__) == [
        "width: got 320 from the camera, expected 640"
    ]
