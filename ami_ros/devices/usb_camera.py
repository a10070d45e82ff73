# SPDX-License-Identifier: Apache-2.0
"""A USB camera, or a video file in its place, by OpenCV."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ami_ros.errors import DeviceError
from ami_ros.types import ImageArray

if TYPE_CHECKING:
    from ami_ros.node_settings import CameraSettings

DEVICES, NAMES = Path("/dev"), Path("/sys/class/video4linux")
# Source: Linux, V4L2_CID_EXPOSURE_AUTO, which OpenCV passes on.
MANUAL, AUTOMATIC = 1, 3
SOONER = (
    0.9  # share of the period at which a camera's next picture may be asked for; a file's is always there
)


class UsbCamera:
    """One camera: grabbed at its own rate, decoded only where a picture is wanted.

    Args:
        settings: device, and what it is asked for.
        width: of the pictures, px.
        height: of the pictures, px.
    """

    def __init__(self, settings: CameraSettings, width: int, height: int) -> None:
        self._settings, self._width, self._height = settings, width, height
        self._capture: cv2.VideoCapture | None = None
        self._grabbed_s = 0.0

    def open(self) -> list[str]:
        """Open the camera; return what it was asked for and does not do, a line each.

        Raises:
            DeviceError: it is missing or cannot be opened; names the cameras that are there.
        """
        self.close()
        device, there = self._settings.device, f"cameras here: {cameras() or 'none'}"
        if not Path(device).exists():
            raise DeviceError(f"{device}: no such camera; {there}")
        is_camera = Path(device).is_char_device()
        capture = cv2.VideoCapture(device, cv2.CAP_V4L2 if is_camera else cv2.CAP_ANY)
        if not capture.isOpened():
            raise DeviceError(f"{device}: cannot be opened; does another program use it? {there}")
        self._capture = capture
        return self._asked(capture) if is_camera else []

    def grab(self) -> None:
        """Wait for the next picture. Raises DeviceError where none comes."""
        pause_s = self._grabbed_s + SOONER / self._settings.fps - time.monotonic()
        if pause_s > 0.0:
            time.sleep(pause_s)
        if self._capture is None or not self._capture.grab():
            raise DeviceError(f"{self._settings.device}: sends no more pictures; is the cable plugged in?")
        self._grabbed_s = time.monotonic()

    def picture(self) -> ImageArray:
        """Return the grabbed picture (H, W, 3) as RGB. Raises DeviceError where it is damaged."""
        whole, pixels = (False, None) if self._capture is None else self._capture.retrieve()
        if not whole or pixels is None or pixels.ndim != 3:
            raise DeviceError(f"{self._settings.device}: got a damaged picture")
        return fitted(np.asarray(pixels, np.uint8)[..., ::-1], self._width, self._height)

    def close(self) -> None:
        """Close the camera."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _asked(self, capture: cv2.VideoCapture) -> list[str]:
        settings = self._settings
        code = cv2.VideoWriter.fourcc(*settings.pixel_format)
        asked: list[tuple[str, int, float]] = [
            ("pixel_format", cv2.CAP_PROP_FOURCC, code),  # first: it decides which sizes there are
            ("width", cv2.CAP_PROP_FRAME_WIDTH, settings.width),
            ("height", cv2.CAP_PROP_FRAME_HEIGHT, settings.height),
            ("fps", cv2.CAP_PROP_FPS, settings.fps),
            ("exposure", cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL if settings.exposure else AUTOMATIC),
        ]
        if settings.exposure:
            asked.append(("exposure", cv2.CAP_PROP_EXPOSURE, settings.exposure))
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # older pictures would arrive with a new stamp
        return unlike(asked, capture.set, capture.get)


def unlike(
    asked: list[tuple[str, int, float]],
    put: Callable[[int, float], bool],
    get: Callable[[int], float],
) -> list[str]:
    """Set properties (setting, property, value) in order; return a line for each that is then another."""
    for _, what, value in asked:
        put(what, value)
    return [
        f"{name}: got {found:g} from the camera, expected {value:g}"
        for name, what, value in asked
        if abs((found := get(what)) - value) > 1e-3 * abs(value)
    ]


def fitted(image: ImageArray, width: int, height: int) -> ImageArray:
    """Cut the middle of `image` (H, W, 3) to the size's aspect ratio, scale it to (height, width, 3)."""
    rows, columns = image.shape[:2]
    high = min(rows, round(columns * height / width))
    wide = min(columns, round(rows * width / height))
    top, left = (rows - high) // 2, (columns - wide) // 2
    cut = np.ascontiguousarray(image[top : top + high, left : left + wide])
    if (high, wide) == (height, width):
        return cut
    how = cv2.INTER_AREA if high >= height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (width, height), interpolation=how), np.uint8)


def cameras() -> list[str]:
    """Return the cameras of this machine: path, and what it calls itself."""
    found = []
    for path in sorted(DEVICES.glob("video*")):
        name = NAMES / path.name / "name"
        found.append(f"{path} ({name.read_text().strip()})" if name.exists() else str(path))
    return found
