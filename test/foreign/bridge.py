# SPDX-License-Identifier: Apache-2.0
"""Makes an arm of gymnasium-robotics speak ROS topics, as its driver would: `python test/foreign/bridge.py fetch`.

All of its joints are in its joint states, its pictures are bgr8 and best effort, and it goes where a joint trajectory
controller would. It knows nothing of ami_ros.
"""

from __future__ import annotations

import sys

import numpy as np
import rclpy
from mujoco_arm import ARMS, MujocoArm
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory

TICK_S = 0.01
PICTURE_TICKS = 10
TIMEOUT_S = 0.1  # without commands it stops
BEHIND_TICKS = 50  # and no more are made up for


class Bridge(Node):
    """The arm in real time."""

    def __init__(self, name: str) -> None:
        super().__init__("foreign_robot")
        arm = ARMS[name]
        self._arm, self._joints = MujocoArm(arm), [arm.spoken + joint for joint in arm.joints]
        self._held = np.array(arm.home)
        self._point = self._velocity = None
        self._reached_s = 0.0  # when it shall be there
        self._due_s, self._ticks = self._now_s(), 0
        self._states = self.create_publisher(JointState, "joint_states", 10)
        self._images = self.create_publisher(Image, "camera/image_raw", qos_profile_sensor_data)
        topic = "joint_trajectory_controller/joint_trajectory"
        self.create_subscription(JointTrajectory, topic, self._on_command, 10)
        self.create_timer(TICK_S, self._tick)
        self.get_logger().info(f"{name}: up; commands on {topic}")

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds / 1e9

    def _on_command(self, message: JointTrajectory) -> None:
        if sorted(message.joint_names) != sorted(self._joints) or len(message.points) != 1:
            self.get_logger().error(f"got {list(message.joint_names)}, expected one point of {self._joints}")
            return
        order = [message.joint_names.index(name) for name in self._joints]
        point = message.points[0]
        ahead = point.time_from_start.sec + point.time_from_start.nanosec / 1e9
        self._reached_s = message.header.stamp.sec + message.header.stamp.nanosec / 1e9 + ahead
        self._point = np.array(point.positions)[order]
        self._velocity = np.array(point.velocities)[order]

    def _target(self, now_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Return where the controller wants the joints at a time, and how fast they are then."""
        if self._point is None or now_s - self._reached_s > TIMEOUT_S:
            self._point = None
            return self._held, np.zeros(len(self._joints))
        self._held = self._point + self._velocity * np.clip(now_s - self._reached_s, -TICK_S, TICK_S)
        return self._held, self._velocity

    def _tick(self) -> None:
        now_s = self._now_s()
        self._due_s = max(self._due_s, now_s - BEHIND_TICKS * TICK_S)
        while self._due_s <= now_s:  # a picture takes longer to draw than a tick lasts
            self._arm.step(*self._target(self._due_s), TICK_S)
            self._due_s += TICK_S
            self._ticks += 1
            self._publish_joints()
            if self._ticks % PICTURE_TICKS == 0:
                self._publish_picture()

    def _publish_joints(self) -> None:
        names, position, velocity = self._arm.joint_states()
        message = JointState(name=names, position=position.tolist(), velocity=velocity.tolist())
        message.header.stamp = self.get_clock().now().to_msg()
        self._states.publish(message)

    def _publish_picture(self) -> None:
        stamp = self.get_clock().now().to_msg()
        picture = self._arm.picture()
        height, width, _ = picture.shape
        message = Image(height=height, width=width, encoding="bgr8", step=3 * width)
        message.header.stamp, message.header.frame_id = stamp, "camera_optical_frame"
        message.data = np.ascontiguousarray(picture[:, :, ::-1]).tobytes()
        self._images.publish(message)


def main() -> None:
    """Run until it is told to end."""
    if len(sys.argv) < 2 or sys.argv[1] not in ARMS:
        raise SystemExit(f"got {sys.argv[1:]}, expected one of {', '.join(ARMS)}")
    rclpy.init(args=sys.argv)
    try:
        rclpy.spin(Bridge(sys.argv[1]))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
