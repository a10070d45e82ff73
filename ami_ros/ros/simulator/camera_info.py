# SPDX-License-Identifier: Apache-2.0
"""The calibration of an ideal pinhole camera."""

from __future__ import annotations

import math

from sensor_msgs.msg import CameraInfo

from ami_ros.body.sensors import ImageSensor
from ami_ros.ros.wire.messages import stamp_from_ns


def camera_info(camera: ImageSensor, stamp_ns: int) -> CameraInfo:
    """Return the calibration of `camera`: square pixels, no distortion, axis through the image centre."""
    focal = camera.height / 2.0 / math.tan(math.radians(camera.vertical_fov_deg) / 2.0)
    x, y = camera.width / 2.0, camera.height / 2.0
    message = CameraInfo(height=camera.height, width=camera.width, distortion_model="plumb_bob")
    message.header.stamp, message.header.frame_id = stamp_from_ns(stamp_ns), camera.frame_id
    message.d = [0.0] * 5
    message.k = [focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message
