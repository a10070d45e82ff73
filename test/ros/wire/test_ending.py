# SPDX-License-Identifier: Apache-2.0
"""Every node does what its SROS2 policy allows, and ends clean when it is told to."""

from __future__ import annotations

import os
import signal

import pytest
from policy import allowed, uses
from rcl_interfaces.srv import GetParameters

from ami_ros.system.processes import NODE_PROGRAMS

NEEDS = {"sim": "pybullet", "recorder": "mcap"}
BOTH, INTERRUPTED = (signal.SIGTERM, signal.SIGINT), (signal.SIGINT,)
SIGNALS = {"sim": INTERRUPTED, "planner": INTERRUPTED}  # that SIGTERM ends them, test_two_robots.py shows


# What they do only when asked to: with simulated time, in lock-step, with a memory.
AT_TIMES = {("subscribe", "/clock"), ("publish", "/clock")}
WITH_MEMORY = {
    ("subscribe", f"/{topic}") for topic in ("planner/goal_name", "planner/remember", "safety/verdict")
}


def test_only_the_gate_may_command_and_only_planner_and_explorer_propose():
    def may(topic: str) -> set[str]:
        return {node for node, found in allowed().items() if ("publish", topic) in found}

    assert set(allowed()) == set(NODE_PROGRAMS)
    assert may("/joint_trajectory_controller/joint_trajectory") == {"safety"}
    assert may("/planner/proposed") == {"planner", "explorer"}


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in NODE_PROGRAMS for number in SIGNALS.get(name, BOTH)]
)
def test_a_node_does_what_it_may_and_ends_clean(start, probe, straight_line, tmp_path, name, number):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"needs {NEEDS[name]}")
    wanted = allowed()[name] - AT_TIMES - (WITH_MEMORY if name == "planner" else set())
    given = {"planner": {"autostart": True}, "explorer": {"autostart": True}}.get(name, {})
    given |= {"out": str(tmp_path / "bag"), "thoughts": True} if name == "recorder" else {}
    node = start(straight_line if name == "planner" else name, **given)
    assert probe.call(GetParameters, f"{name}/get_parameters", names=["robot"]).values[0].string_value
    probe.until(lambda: probe.present(name) and wanted <= uses(probe.node, name), f"all that {name} does")
    assert uses(probe.node, name) == wanted
    assert probe.present(name) == 1
    os.kill(node.pid, number)
    assert node.wait(15.0) == 0, node.log_tail()
    assert "Traceback" not in node.log_tail(500)
    probe.until(lambda: not probe.present(name), "its leaving the graph")
