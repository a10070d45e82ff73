# SPDX-License-Identifier: Apache-2.0
"""The driver's process: pictures of a USB camera, as the robot's YAML describes them."""

from __future__ import annotations

import sys
import threading
import time

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from ami_ros.body.sensors import ImageSensor
from ami_ros.configuration import Configuration
from ami_ros.devices.usb_camera import SOONER, UsbCamera
from ami_ros.errors import ConfigError, DeviceError
from ami_ros.node_settings import CameraSettings, NodeSettings
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.health import Health, HealthReports
from ami_ros.ros.wire.messages import image_to_ros
from ami_ros.ros.wire.node_main import node_main, spin_and_leave
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path

# Reliable, so that every subscriber matches; one that is slow loses old pictures.
IMAGES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
END_S = 2.0  # for a camera that is about to deliver


class CameraNode(Node):
    """Publishes the pictures of one camera on the topic of its sensor; opens it again after it was away.

    A thread waits for the camera, which may take seconds to notice that it was unplugged.
    """

    def __init__(self) -> None:
        super().__init__("camera")
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(CameraSettings, config_path("camera_node.yaml")))
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, CameraSettings)
        spec = Configuration.of_node(settings_from_parameters(self, NodeSettings)).spec
        self._sensor = _sensor_of(spec.images, self.settings.sensor, spec.name)
        self._camera = UsbCamera(self.settings, self._sensor.width, self._sensor.height)
        self._topic = self.create_publisher(Image, self._sensor.topic, IMAGES)
        self.errors = ErrorLog(self)
        self._away = "not opened yet"
        self._refused: list[str] = []
        self._published = self._reported = 0
        self._published_s = time.monotonic()
        self._health = HealthReports(self, "camera: pictures", spec.name, self.errors, self._report)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="camera")
        self._thread.start()

    def leave(self) -> None:
        """Close the camera."""
        self._ends.set()
        self._thread.join(END_S)

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self._refused = self._camera.open()
                self._away = ""
                for line in self._refused:
                    self.get_logger().warning(line)
                self.get_logger().info(f"opened {self.settings.device}")
                while not self._ends.is_set():
                    self._pass_on()
            except DeviceError as error:
                self._away = str(error)
                self.errors.report("camera", error)
            except Exception as error:  # a thread that dies does so silently
                self._away = repr(error)
                self.errors.report("camera", error)
            self._camera.close()
            self._ends.wait(self.settings.reopen_s)

    def _pass_on(self) -> None:
        self._camera.grab()
        stamp_ns, now_s = self.get_clock().now().nanoseconds, time.monotonic()
        if now_s - self._published_s < SOONER / self._sensor.rate_hz:
            return
        message = image_to_ros(self._camera.picture(), stamp_ns, self._sensor.frame_id)
        if self._ends.is_set():
            return
        self._topic.publish(message)
        self._published, self._published_s = self._published + 1, now_s

    def _report(self) -> Health:
        new, self._reported = self._published - self._reported, self._published
        figures = {"pictures": self._published, "pictures_in_the_last_second": new}
        quiet_s = time.monotonic() - self._published_s
        if self._away:
            return Health(DiagnosticStatus.ERROR, self._away, figures)
        if quiet_s > self.settings.silent_s:
            text = f"{self.settings.device}: no picture for {quiet_s:.1f} s"
            self.errors.report("camera", DeviceError(text))
            return Health(DiagnosticStatus.ERROR, text, figures)
        if self._refused:
            return Health(DiagnosticStatus.WARN, "; ".join(self._refused), figures)
        return Health(DiagnosticStatus.OK, "sends pictures", figures)


def _sensor_of(images: tuple[ImageSensor, ...], name: str, robot: str) -> ImageSensor:
    names = [image.name for image in images]
    if not names or (name and name not in names):
        raise ConfigError(
            f"sensor: got {name or 'nothing'}, expected a camera of robot {robot}: {names or 'it has none'}"
        )
    return images[names.index(name) if name else 0]


def main() -> int:
    """Run the driver."""
    return node_main("camera", CameraNode, loop=spin_and_leave)


if __name__ == "__main__":
    sys.exit(main())
