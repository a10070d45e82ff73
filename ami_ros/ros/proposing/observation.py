# SPDX-License-Identifier: Apache-2.0
"""Decodes the messages of an observation only for planning, so that unused images cost nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensor_msgs.msg import CompressedImage, Image

from ami_ros.planning.observation_pairing import Seen
from ami_ros.ros.wire.messages import image_from_compressed, image_from_ros
from ami_ros.types import Observation, Reading


def observation_of(taken: Mapping[str, Seen], most_pixels: int) -> Observation:
    """Return the messages of an observation as arrays.

    Args:
        taken: sensor -> a vector, or an image as received.
        most_pixels: largest width times height of an image.

    Raises:
        ImageError: an image cannot be decoded, or is too large.
    """

    def value(content: Any) -> Any:
        if isinstance(content, Image):
            return image_from_ros(content, most_pixels)
        return (
            image_from_compressed(content, most_pixels) if isinstance(content, CompressedImage) else content
        )

    return Observation(
        {name: Reading(value(seen.content), seen.stamp_ns, seen.arrival_ns) for name, seen in taken.items()}
    )
