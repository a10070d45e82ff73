# SPDX-License-Identifier: Apache-2.0
"""Vector sensors: messages to numbers and back, by the sensor's description."""

from __future__ import annotations

from typing import Any

from std_msgs.msg import MultiArrayDimension

from ami_ros.body.sensors import VectorSensor
from ami_ros.recordings.message_values import COMPRESSED as COMPRESSED
from ami_ros.recordings.message_values import PACKAGES, SEPARATOR, paths_of
from ami_ros.recordings.message_values import vector_from_ros as vector_from_ros
from ami_ros.ros.wire.message_fields import message_class, set_field, set_stamp
from ami_ros.ros.wire.messages import joints_to_ros
from ami_ros.types import FloatArray

ODOMETRY_FRAMES = ("odom", "base_link")  # Source: REP 105, coordinate frames for mobile platforms


def vector_type(sensor: VectorSensor) -> Any:
    """Return the class of the sensor's messages."""
    return message_class(PACKAGES[sensor.message], sensor.message)


def vector_to_ros(values: FloatArray, sensor: VectorSensor, stamp_ns: int, frame_id: str = "") -> Any:
    """Return values (n,) as the sensor's message."""
    if sensor.is_joints:
        count = len(sensor.names)
        return joints_to_ros(sensor.names, values[:count], values[count:], stamp_ns)
    message = vector_type(sensor)()
    if sensor.message == "Odometry":
        frame_id, message.child_frame_id = ODOMETRY_FRAMES
    set_stamp(message, stamp_ns, frame_id)
    fill(message, values, sensor)
    return message


def fill(message: Any, values: FloatArray, sensor: VectorSensor) -> None:
    """Put values (n,) into a message that may hold those of another sensor already."""
    if sensor.message == "Float64MultiArray":
        message.data = values.tolist()
        message.layout.dim = [
            MultiArrayDimension(label=f"{name}{SEPARATOR}{unit}", size=1, stride=1)
            for name, unit in sensor.values
        ]
        return
    for path, value in zip(paths_of(sensor), values.tolist(), strict=True):
        set_field(message, path, value)
