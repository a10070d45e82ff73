# SPDX-License-Identifier: Apache-2.0
"""Sender and receiver of `ami-ros bench camera`, each in its own process."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from ami_ros.errors import ConfigError, ProcessError
from ami_ros.ros.wire.messages import image_to_ros, stamp_to_ns
from ami_ros.ros.wire.node_main import node_main

TOPIC = "camera_bench/image_raw"
MATCH_TIMEOUT_S = 20.0
SETTLE_S = 0.5  # after the match, and after the last image


class CameraBench(Node):
    """Parameters: role (send or receive), output (JSON file), width, height, rate_hz, duration_s."""

    def __init__(self) -> None:
        super().__init__("camera_bench", automatically_declare_parameters_from_overrides=True)
        self.output = Path(self._value("output"))
        role = self._value("role")
        if role not in ("send", "receive"):
            raise ConfigError(f"role: got {role!r}, expected send or receive")
        self.sends = role == "send"
        self._latencies_ms: list[float] = []
        if self.sends:
            self._publisher = self.create_publisher(Image, TOPIC, qos_profile_sensor_data)
        else:
            self.create_subscription(Image, TOPIC, self._on_image, qos_profile_sensor_data)

    def _value(self, name: str) -> str:
        return str(self.get_parameter(name).value)

    def _on_image(self, message: Image) -> None:
        # All processes of a machine share CLOCK_MONOTONIC, and it is never set.
        self._latencies_ms.append((time.monotonic_ns() - stamp_to_ns(message.header.stamp)) / 1e6)

    def send(self, stopped: Callable[[], bool]) -> None:
        """Send the stream, and write the number of images sent."""
        width, height = int(self._value("width")), int(self._value("height"))
        period_s, duration_s = 1.0 / float(self._value("rate_hz")), float(self._value("duration_s"))
        pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
        deadline = time.monotonic() + MATCH_TIMEOUT_S
        while self._publisher.get_subscription_count() == 0:
            if time.monotonic() > deadline:
                raise ProcessError(f"no receiver on {TOPIC} within {MATCH_TIMEOUT_S} s")
            time.sleep(0.02)
        time.sleep(SETTLE_S)
        start, count = time.monotonic(), round(duration_s / period_s)
        for index in range(count):
            time.sleep(max(0.0, start + index * period_s - time.monotonic()))
            if stopped():
                return
            self._publisher.publish(image_to_ros(pixels, time.monotonic_ns(), "camera"))
        time.sleep(SETTLE_S)
        self.output.write_text(json.dumps({"sent": count}))

    def write_received(self) -> None:
        """Write the figures of the images received."""
        latencies = self._latencies_ms
        percentiles = np.percentile(latencies, [50, 99]).tolist() if latencies else [None, None]
        result = {
            "received": len(latencies),
            "latency_ms_p50": percentiles[0],
            "latency_ms_p99": percentiles[1],
        }
        self.output.write_text(json.dumps(result))


def _loop(node: CameraBench, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    if node.sends:
        node.send(stopped)
        return
    while not stopped():
        executor.spin_once(timeout_sec=0.1)
    node.write_received()


def main() -> int:
    """Run one of the two processes."""
    return node_main("camera_bench", CameraBench, loop=_loop)


if __name__ == "__main__":
    sys.exit(main())
