# SPDX-License-Identifier: Apache-2.0
"""Whoever publishes on /clock can end no node, whatever the time is."""

from __future__ import annotations

import pytest
from rosgraph_msgs.msg import Clock

from ami_ros.ros.wire.qos import LATCHED_HISTORY


@pytest.mark.parametrize("node", ["safety", "planner"])
def test_a_time_before_zero_ends_no_node(start, probe, straight_line, node):
    clock = probe.node.create_publisher(Clock, "/clock", LATCHED_HISTORY)
    process = start(straight_line if node == "planner" else node, use_sim_time=True)
    probe.until(lambda: probe.present(node) == 1, f"the {node}")
    probe.until(lambda: clock.get_subscription_count() >= 1, "somebody who hears the clock")
    before = Clock()
    before.clock.sec = -5

    def refused() -> bool:
        clock.publish(before)
        return "must not be negative" in process.log_path.read_text()

    probe.until(refused, "the node's words on that")
    probe.spin(1.0)
    process.check()
