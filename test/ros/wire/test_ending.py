# SPDX-License-Identifier: Apache-2.0
"""Every node ends clean when it is told to, and leaves its name to the next one."""

from __future__ import annotations

import os
import signal

import pytest
from rcl_interfaces.srv import GetParameters

from ami_ros.system.processes import NODE_PROGRAMS

NEEDS = {"sim": "pybullet", "recorder": "mcap"}
BOTH, INTERRUPTED = (signal.SIGTERM, signal.SIGINT), (signal.SIGINT,)
SIGNALS = {"sim": INTERRUPTED, "planner": INTERRUPTED}  # that SIGTERM ends them, test_two_robots.py shows


@pytest.mark.parametrize("name", NODE_PROGRAMS)
def test_a_node_ends_clean_and_comes_back(start, probe, straight_line, tmp_path, name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"needs {NEEDS[name]}")

    def present() -> int:
        return probe.node.get_node_names().count(name)

    for number in SIGNALS.get(name, BOTH):
        given = {"planner": {"autostart": True}, "explorer": {"autostart": True}}.get(name, {})
        given |= {"out": str(tmp_path / f"bag{number}")} if name == "recorder" else {}
        node = start(straight_line if name == "planner" else name, **given)
        assert probe.call(GetParameters, f"{name}/get_parameters", names=["robot"]).values[0].string_value
        assert present() == 1
        os.kill(node.pid, number)
        assert node.wait(15.0) == 0, node.log_tail()
        assert "Traceback" not in node.log_tail(500)
        probe.until(lambda: not present(), "its leaving the graph")
