# SPDX-License-Identifier: Apache-2.0
"""Says "not pressed" on the e-stop's topic without end: for tests of the gate only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import serialize_message
from std_msgs.msg import Bool

from ami_ros.config import setting
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown
from ami_ros.ros.wire.qos import STATE

PAUSE_S = 0.001  # between bursts: shorter than any tick of a gate
SPINS = 100  # bursts between two looks at the parameter


@dataclass(frozen=True)
class FlooderSettings:
    """What it sends."""

    rate_hz: float = setting("messages per second; 0: none", ge=0.0, le=1e6, unit="Hz", live=True)


class EstopFlooder(Node):
    """Publishes `Bool` messages that are false, at the rate of its parameter."""

    def __init__(self) -> None:
        super().__init__("estop_flooder")
        declare_settings(self, FlooderSettings(rate_hz=0.0))
        refuse_unknown(self)
        self._publisher = self.create_publisher(Bool, "estop", STATE)
        self._released = serialize_message(
            Bool(data=False)
        )  # serialised once: that takes longer than to send
        self._publisher.publish(self._released)

    def flood(self, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
        """Send until `stopped`."""
        begun, owed = time.monotonic(), 0.0
        while not stopped():
            for _ in range(SPINS):
                now = time.monotonic()
                owed += (now - begun) * float(self.get_parameter("rate_hz").value)
                count, begun, owed = int(owed), now, owed % 1.0
                for _ in range(count):
                    self._publisher.publish(self._released)
                time.sleep(PAUSE_S)
            executor.spin_once(timeout_sec=0.0)


def _loop(node: EstopFlooder, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    node.flood(executor, stopped)


def main() -> int:
    """Run the flooder."""
    return node_main("estop_flooder", EstopFlooder, loop=_loop)


if __name__ == "__main__":
    sys.exit(main())
