# SPDX-License-Identifier: Apache-2.0
"""The content of a sensor's message, as the nodes read it, or why they cannot."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from ami_ros.body.sensors import ImageSensor, Sensor, VectorSensor
from ami_ros.doctor.live.heard import Picture
from ami_ros.errors import AmiError
from ami_ros.recordings.message_images import image_from_compressed, image_from_ros
from ami_ros.recordings.message_values import stamp_to_ns, vector_from_ros
from ami_ros.types import FloatArray


class Read(NamedTuple):
    """Stamp, hash, value and error of one message, as in `Sample`; for a joint state also the names."""

    stamp_ns: int | None
    content: int | None
    value: FloatArray | Picture | None
    error: str = ""
    joints: tuple[str, ...] = ()


class VectorReader:
    """Reads numbers.

    Args:
        sensor: the expected numbers.
        held: further joints that joint states may have.
    """

    def __init__(self, sensor: VectorSensor, held: Sequence[str]) -> None:
        self._sensor, self._held = sensor, held

    def read(self, message: Any) -> Read:
        """Return the content of a message."""
        joints = tuple(message.name) if self._sensor.is_joints else ()
        try:
            values, _ = vector_from_ros(message, self._sensor, 0, self._held)
        except AmiError as error:
            return Read(_stamp_of(message), None, None, str(error), joints)
        return Read(_stamp_of(message), zlib.crc32(values.tobytes()), values, "", joints)


class PictureReader:
    """Reads pictures; decodes pixels once per layout, because that costs more than the rest.

    Args:
        most_pixels: width times height of the largest picture that the nodes accept.
    """

    def __init__(self, most_pixels: int) -> None:
        self._most_pixels = most_pixels
        self._known: dict[tuple[Any, ...], tuple[Picture | None, str]] = {}

    def read(self, message: Any) -> Read:
        """Return the content of an Image or CompressedImage."""
        data = memoryview(message.data)
        layout: tuple[Any, ...] = (getattr(message, "format", None),)
        if hasattr(message, "encoding"):
            layout = (message.width, message.height, message.encoding, message.step, len(data))
        if layout not in self._known:
            self._known[layout] = self._decoded(message)
        return Read(_stamp_of(message), zlib.crc32(data), *self._known[layout])

    def _decoded(self, message: Any) -> tuple[Picture | None, str]:
        is_raw = hasattr(message, "encoding")
        try:
            pixels = (image_from_ros if is_raw else image_from_compressed)(message, self._most_pixels)
        except AmiError as error:
            return None, str(error)
        encoding = message.encoding if is_raw else message.format
        height, width, _ = pixels.shape
        return Picture(width, height, encoding, bool(pixels.min() == pixels.max())), ""


Reader: TypeAlias = VectorReader | PictureReader


def reader_of(sensor: Sensor, held: Sequence[str], most_pixels: int) -> Reader:
    """Return the reader of a sensor's messages; arguments as for the readers."""
    return PictureReader(most_pixels) if isinstance(sensor, ImageSensor) else VectorReader(sensor, held)


def _stamp_of(message: Any) -> int | None:
    return stamp_to_ns(message.header.stamp) if hasattr(message, "header") else None
