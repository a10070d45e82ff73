# SPDX-License-Identifier: Apache-2.0
"""Before a gate begins it knows who else commands, however long others take to be discovered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import rclpy
from rclpy.node import Node
from std_msgs.msg import String

from ami_ros.ros.wire import publisher_watch
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.publisher_watch import PublisherWatch
from ami_ros.safety.gate.health import GateHealth
from ami_ros.safety.reasons import ReasonCode

QUIET_S, STEP_S = 1.5, 0.2


@pytest.fixture
def make(environment: dict[str, str]) -> Iterator[Callable[[str], Node]]:
    """Make a node of this name."""
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    nodes: list[Node] = []

    def run(name: str) -> Node:
        nodes.append(rclpy.create_node(name, context=context))
        return nodes[-1]

    yield run
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize(("longest_s", "shared"), [(60.0, True), (0.5, False)])
def test_it_waits_for_the_last_one_as_long_as_others_are_discovered_but_not_for_ever(
    make, monkeypatch, longest_s, shared
):
    monkeypatch.setattr(publisher_watch, "DISCOVERY_S", QUIET_S)
    monkeypatch.setattr(publisher_watch, "LONGEST_S", longest_s)
    gate, others, health = make("gate"), make("others"), GateHealth()
    gate.create_publisher(String, "command", 1)

    def join() -> None:
        for _ in range(round(2.0 * QUIET_S / STEP_S)):
            others.create_publisher(String, "sensor", 1)
            time.sleep(STEP_S)
        others.create_publisher(String, "command", 1)

    joining = threading.Thread(target=join)
    joining.start()
    PublisherWatch(gate, ["command"], ["sensor"], health, ErrorLog(gate))
    assert health.complains(ReasonCode.COMMAND_SHARED) == shared
    joining.join()
