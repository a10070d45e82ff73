# SPDX-License-Identifier: Apache-2.0
"""The numbers in a message, whichever library has unpacked it: rclpy from the wire, rosbags from a file.

Nothing here trusts a message: a publisher may be wrong in every field.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ami_ros.body.actions import AXES
from ami_ros.body.outputs import TWIST
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import JointStateError, ObservationError, ProposalError, shown
from ami_ros.types import FloatArray, Trajectory, checked_joints, checked_vector

NS_PER_S = 1_000_000_000
PACKAGES = {
    "JointState": "sensor_msgs",
    "Float64MultiArray": "std_msgs",
    "WrenchStamped": "geometry_msgs",
    "TwistStamped": "geometry_msgs",
    "Temperature": "sensor_msgs",
    "FluidPressure": "sensor_msgs",
    "Odometry": "nav_msgs",
}
# Path of each value that body/sensors.py lists for a message, in that order.
FIELDS = {
    "WrenchStamped": [f"wrench.{part}.{axis}" for part in ("force", "torque") for axis in AXES],
    "TwistStamped": [f"twist.{path}" for path in TWIST.values()],
    "Temperature": ["temperature"],
    "FluidPressure": ["fluid_pressure"],
}
# Messages from which a sensor may use only some of the values.
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
COMPRESSED = "/compressed"  # after the topic of raw images, as image_transport has it
SEPARATOR = ":"  # between name and unit in the labels of a Float64MultiArray
YAW = "yaw"
SHORTEST = 0.25  # square of a quaternion's length: drivers that know no heading send all zeros


def stamp_to_ns(stamp: Any) -> int:
    """Return a ROS time, or duration, in nanoseconds."""
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def stamp_of(message: Any, otherwise_ns: int) -> int:
    """Return the stamp of a message, ns; `otherwise_ns` of one without a header."""
    return stamp_to_ns(message.header.stamp) if hasattr(message, "header") else otherwise_ns


def field_of(message: Any, path: str) -> Any:
    """Return the field at a path such as ``wrench.force.x``; a quaternion also has a ``yaw``."""
    *parents, last = path.split(".")
    parent = functools.reduce(getattr, parents, message)
    return _yaw(parent) if last == YAW else getattr(parent, last)


def _yaw(turn: Any) -> float:
    """Return the heading of a quaternion, rad; NaN for an invalid one.

    Source: Diebel, "Representing attitude: Euler angles, unit quaternions, and rotation vectors" (2006),
    equation 290, which holds for any length.
    """
    x, y, z, w = turn.x, turn.y, turn.z, turn.w
    if not SHORTEST < x * x + y * y + z * z + w * w < math.inf:
        return math.nan
    return math.atan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z)


def values_of(message: Any) -> dict[str, str]:
    """Return the key-values of a DiagnosticArray's first status; empty when there is none."""
    return {pair.key: pair.value for status in message.status[:1] for pair in status.values}


def joints_from_ros(
    message: Any, joint_names: Sequence[str], ignored: Sequence[str] = ()
) -> tuple[FloatArray, FloatArray]:
    """Return position (J,) and velocity (J,) of a sensor_msgs/JointState in the order of `joint_names`.

    The order in the message is free. Joints beyond ours must be declared (`ignored`, the robot's
    ``simulation.hold_joints``): an undeclared name is more likely the wrong robot than a stray finger.
    Velocities may be left out, or all be NaN, as some drivers send them that measure none: then they are 0.

    Raises:
        JointStateError: joints are missing, unknown or duplicated, arrays have the wrong length, or any of
            our values is not finite.
    """
    names = list(message.name)
    index = {name: i for i, name in enumerate(names)}
    if len(index) != len(names):
        raise JointStateError(
            f"joint state: got joints {shown(_twice(names))} more than once, expected each once"
        )
    known = {*joint_names, *ignored}
    missing = [name for name in joint_names if name not in index]
    unknown = [name for name in names if name not in known]
    if missing or unknown:
        raise JointStateError(
            f"joint state: got {shown(names)}: missing {shown(missing)}, unknown {shown(unknown)}; expected "
            f"{list(joint_names)} in any order, and besides them only the robot's simulation.hold_joints "
            f"(simulation.held with kind: none), {list(ignored)}"
        )
    order = [index[name] for name in joint_names]
    values = []
    for what, data in (("position", message.position), ("velocity", message.velocity)):
        if what == "velocity" and not has_velocities(message):
            values.append(np.zeros(len(order)))
            continue
        if len(data) != len(names):
            raise JointStateError(f"joint state {what}: got {len(data)} numbers for {len(names)} names")
        values.append(checked_joints(np.asarray(data, dtype=np.float64)[order], f"joint state {what}"))
    return values[0], values[1]


def has_velocities(message: Any) -> bool:
    """Return whether a sensor_msgs/JointState has velocities, and not only places for them."""
    return len(message.velocity) > 0 and not bool(np.isnan(message.velocity).all())


def trajectory_from_ros(message: Any) -> Trajectory:
    """Return a trajectory_msgs/JointTrajectory as a proposal. Values are not judged: that is the gate's job.

    Raises:
        ProposalError: points of different or no length, which cannot be an array.
    """
    lengths = sorted({len(point.positions) for point in message.points})
    if len(lengths) > 1:
        raise ProposalError(
            f"proposal: got points with {lengths} positions, expected the same number in each point"
        )
    count = len(message.points)
    positions = np.array([point.positions for point in message.points], dtype=np.float64)
    times = [stamp_to_ns(point.time_from_start) for point in message.points]
    return Trajectory(
        tuple(message.joint_names),
        positions.reshape(count, lengths[0] if lengths else len(message.joint_names)),
        np.array(times, dtype=np.int64),
        stamp_to_ns(message.header.stamp),
    )


def vector_from_ros(
    message: Any, sensor: VectorSensor, now_ns: int, ignored: Sequence[str] = ()
) -> tuple[FloatArray, int]:
    """Return the values of a message (n,), and its stamp.

    A Float64MultiArray has no stamp: it counts as measured when it arrived. Its layout may be left empty; one
    with a label for each value, ``name`` or ``name:unit``, is checked against the sensor's description.

    Args:
        message: as received.
        sensor: its expected content.
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
        numbers = [field_of(message, path) for path in paths_of(sensor)]
    return checked_vector(numbers, f"{sensor.name} ({sensor.topic})", sensor.size), stamp_ns


def paths_of(sensor: VectorSensor) -> list[str]:
    """Return where a message has the sensor's values, in their order."""
    by_name = FIELDS_BY_NAME.get(sensor.message)
    return FIELDS[sensor.message] if by_name is None else [by_name[name] for name in sensor.names]


def _twice(names: Sequence[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _check_labels(labels: list[str], sensor: VectorSensor) -> None:
    if len(labels) != len(sensor.values) or not any(labels):
        return  # no labels: most publishers leave the layout empty, or give the size alone
    names = [label.partition(SEPARATOR)[0] for label in labels]
    if len(set(names)) != len(names):
        raise ObservationError(
            f"{sensor.name} ({sensor.topic}): got {shown(_twice(names))} more than once, expected each once"
        )
    if tuple(names) != sensor.names:
        raise ObservationError(
            f"{sensor.name} ({sensor.topic}): got values {shown(names)}, expected {list(sensor.names)}"
        )
    for label, (name, unit) in zip(labels, sensor.values, strict=True):
        given = label.partition(SEPARATOR)[2]
        if given and given != unit:
            raise ObservationError(
                f"{sensor.name} ({sensor.topic}): {name}: got unit {given!r}, expected {unit!r}"
            )
