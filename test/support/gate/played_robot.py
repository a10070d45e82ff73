# SPDX-License-Identifier: Apache-2.0
"""A robot that a test plays: its camera and its joints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from probe import Probe
from sensor_msgs.msg import Image, JointState

from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros


class PlayedRobot:
    """Camera and joints of a robot that is at `position`, published by the probe at 10 and 100 Hz.

    The picture is new wherever the robot is, as a real one's: else the camera would count as frozen.
    """

    def __init__(self, probe: Probe) -> None:
        self.spec = load_robot("panda")
        self.position = self.spec.home.copy()
        self.image_change: Callable[[Any], None] = lambda message: None
        self.sends_raw = True
        self.joints_change: Callable[[Any], None] = lambda message: None
        self._probe = probe
        self._pixels = np.full((128, 128, 3), 80, dtype=np.uint8)
        self._still = np.zeros(len(self.spec.joint_names))
        self._images = probe.node.create_publisher(Image, "camera/image_raw", 5)
        self._joints = probe.node.create_publisher(JointState, "joint_states", 10)
        probe.every(0.01, self._publish_joints)
        probe.every(0.1, self._publish_image)

    def _publish_joints(self) -> None:
        message = joints_to_ros(self.spec.joint_names, self.position, self._still, self._probe.now_ns())
        self.joints_change(message)
        self._joints.publish(message)

    def _publish_image(self) -> None:
        number = np.float64(self.position.sum()).tobytes()
        self._pixels[0, 0] = np.frombuffer(number, dtype=np.uint8)[:3]
        image = image_to_ros(self._pixels, self._probe.now_ns(), "camera")
        self.image_change(image)
        if self.sends_raw:
            self._images.publish(image)
