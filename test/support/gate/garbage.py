# SPDX-License-Identifier: Apache-2.0
"""Bytes that are no message, on each topic that the gate hears."""

from __future__ import annotations

import contextlib

from diagnostic_msgs.msg import DiagnosticArray
from probe import Probe
from rclpy.subscription import RCLError
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

TOPICS = {
    "joint_states": JointState,
    "camera/image_raw": Image,
    "camera/image_raw/compressed": CompressedImage,
    "planner/goal_status": DiagnosticArray,
    "planner/proposed": JointTrajectory,
    "estop_relay": String,
}
GARBAGE = (b"", b"\x00\x01\x00\x00abc", b"\x00\x01\x00\x00" + 40 * b"\xff")


def send_garbage(probe: Probe) -> None:
    """Send it from now on."""
    senders = [probe.node.create_publisher(kind, topic, 10) for topic, kind in TOPICS.items()]

    def send() -> None:
        for sender in senders:
            for garbage in GARBAGE:
                # A writer refuses a message if it stays locked for 100 ms, as on a busy machine: it is sent again.
                with contextlib.suppress(RCLError):
                    sender.publish(garbage)

    probe.every(0.05, send)
