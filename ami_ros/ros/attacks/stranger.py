# SPDX-License-Identifier: Apache-2.0
"""A process that floods one of the robot's topics: for tests of the gate only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import serialize_message
from rclpy.subscription import RCLError
from sensor_msgs.msg import Image
from std_msgs.msg import Bool

from ami_ros.ros.attacks.large_messages import oversized_image, stamped
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown
from ami_ros.ros.wire.qos import STATE
from ami_ros.settings.fields import setting

RELEASES, IMAGES = SENDS = ("releases", "images")
PAUSE_S = 0.001  # between bursts: shorter than any tick of a gate
SPINS = 100  # bursts between two looks at other work


@dataclass(frozen=True)
class StrangerSettings:
    """Parameters of the stranger."""

    sends: str = setting("what it sends: releases of the e-stop, or images of 64 MB", choices=SENDS)
    topic: str = setting("topic of its messages")
    rate_hz: float = setting("messages per second", ge=0.0, le=1e6, unit="Hz", live=True)


class Stranger(Node):
    """Publishes one message repeatedly, at the rate of its parameter; serialises it once."""

    def __init__(self) -> None:
        super().__init__("stranger")
        declare_settings(self, StrangerSettings(sends=RELEASES, topic="estop", rate_hz=0.0))
        refuse_unknown(self)
        topic = str(self.get_parameter("topic").value)
        self._sends_images = self.get_parameter("sends").value == IMAGES
        kind = Image if self._sends_images else Bool
        self._publisher = self.create_publisher(kind, topic, STATE)
        self._message = oversized_image() if self._sends_images else serialize_message(Bool(data=False))

    def shout(self, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
        """Send until `stopped`."""
        begun, owed = time.monotonic(), 1.0
        while not stopped():
            for _ in range(SPINS):
                now = time.monotonic()
                owed += (now - begun) * float(self.get_parameter("rate_hz").value)
                count, begun, owed = int(owed), now, owed % 1.0
                for _ in range(count):
                    with suppress(RCLError):  # the subscriber has not made room in time
                        self._publisher.publish(self._now())
                time.sleep(PAUSE_S)
            executor.spin_once(timeout_sec=0.0)

    def _now(self) -> bytes:
        return stamped(self._message, time.time_ns()) if self._sends_images else self._message


def _loop(node: Stranger, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    node.shout(executor, stopped)


def main() -> int:
    """Run the stranger."""
    return node_main("stranger", Stranger, loop=_loop)


if __name__ == "__main__":
    sys.exit(main())
