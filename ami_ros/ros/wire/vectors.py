# SPDX-License-Identifier: Apache-2.0
"""Vector sensors: messages to numbers and back, by the sensor's description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from std_msgs.msg import MultiArrayDimension

from ami_ros.body.actions import AXES
from ami_ros.body.outputs import TWIST
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import ObservationError
from ami_ros.ros.wire.message_fields import field_of, message_class, set_field, set_stamp, stamp_of
from ami_ros.ros.wire.messages import joints_from_ros, joints_to_ros
from ami_ros.types import FloatArray, checked_vector

PACKAGES = {
    "JointState": "sensor_msgs",
    "Float64MultiArray": "std_msgs",
    "WrenchStamped": "geometry_msgs",
    "TwistStamped": "geometry_msgs",
    "Temperature": "sensor_msgs",
    "FluidPressure": "sensor_msgs",
    "Odometry": "nav_msgs",
}
# Where a message has the values that body/sensors.py lists for it, in that order.
FIELDS = {
    "WrenchStamped": [f"wrench.{part}.{axis}" for part in ("force", "torque") for axis in AXES],
    "TwistStamped": [f"twist.{path}" for path in TWIST.values()],
    "Temperature": ["temperature"],
    "FluidPressure": ["fluid_pressure"],
}
# Of messages of which a sensor may have some of the values alone.
FIELDS_BY_NAME = {
    "Odometry": {
        "x": "pose.pose.position.x",
        "y": "pose.pose.position.y",
        "yaw": "pose.pose.orientation.yaw",
        "vx": "twist.twist.linear.x",
        "vy": "twist.twist.linear.y",
        "wz": "twist.twist.angular.z",
    }
}
ODOMETRY_FRAMES = ("odom", "base_link")  # Source: REP 105, coordinate frames for mobile platforms
COMPRESSED = "/compressed"  # after the topic of raw images, as image_transport has it
SEPARATOR = ":"  # between name and unit in the labels of a Float64MultiArray


def vector_type(sensor: VectorSensor) -> Any:
    """Return the class of the sensor's messages."""
    return message_class(PACKAGES[sensor.message], sensor.message)


def vector_from_ros(
    message: Any, sensor: VectorSensor, now_ns: int, ignored: Sequence[str] = ()
) -> tuple[FloatArray, int]:
    """Return what a message says (n,), and its stamp.

    A Float64MultiArray has no stamp: it counts as measured when it arrived. Its layout may be left empty; one
    with a label for each value, ``name`` or ``name:unit``, is held against the sensor's description.

    Args:
        message: as it came.
        sensor: what it should say.
        now_ns: time of arrival.
        ignored: joints that a joint state may have as well.

    Raises:
        ObservationError: another number of values, other or repeated names, another unit, NaN or infinity.
    """
    stamp_ns = stamp_of(message, now_ns)
    if sensor.is_joints:
        return np.concatenate(joints_from_ros(message, sensor.names, ignored)), stamp_ns
    if sensor.message == "Float64MultiArray":
        _check_labels([dimension.label for dimension in message.layout.dim], sensor)
        numbers: Any = np.asarray(message.data, dtype=np.float64)
    else:
        numbers = [field_of(message, path) for path in _paths(sensor)]
    return checked_vector(numbers, f"{sensor.name} ({sensor.topic})", sensor.size), stamp_ns


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
    """Put values (n,) into a message that may have those of another sensor already."""
    if sensor.message == "Float64MultiArray":
        message.data = values.tolist()
        message.layout.dim = [
            MultiArrayDimension(label=f"{name}{SEPARATOR}{unit}", size=1, stride=1)
            for name, unit in sensor.values
        ]
        return
    for path, value in zip(_paths(sensor), values.tolist(), strict=True):
        set_field(message, path, value)


def _paths(sensor: VectorSensor) -> list[str]:
    """Return where a message has the sensor's values, in their order."""
    by_name = FIELDS_BY_NAME.get(sensor.message)
    return FIELDS[sensor.message] if by_name is None else [by_name[name] for name in sensor.names]


def _check_labels(labels: list[str], sensor: VectorSensor) -> None:
    if len(labels) != len(sensor.values) or not any(labels):
        return  # no labels: most publishers leave the layout empty, or give the size alone
    names = [label.partition(SEPARATOR)[0] for label in labels]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ObservationError(
            f"{sensor.name} ({sensor.topic}): got {twice} more than once, expected each once"
        )
    if tuple(names) != sensor.names:
        raise ObservationError(
            f"{sensor.name} ({sensor.topic}): got values {names}, expected {list(sensor.names)}"
        )
    for label, (name, unit) in zip(labels, sensor.values, strict=True):
        given = label.partition(SEPARATOR)[2]
        if given and given != unit:
            raise ObservationError(
                f"{sensor.name} ({sensor.topic}): {name}: got unit {given!r}, expected {unit!r}"
            )
