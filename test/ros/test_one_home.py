# SPDX-License-Identifier: Apache-2.0
"""A rate or timeout that two nodes need is written once: whoever only follows it, follows."""

from __future__ import annotations

import dataclasses

import pytest
import rclpy
import robots

from ami_ros.configuration import Configuration
from ami_ros.planning.factory import PlannerFactory
from ami_ros.planning.settings import load_planner_settings
from ami_ros.ros.planner.node import PlannerNode
from ami_ros.settings.fields import read_yaml
from ami_ros.settings.share import config_path

CONTROL_HZ, RATE_HZ, STALL_S = 4.0, 50.0, 0.25


@pytest.fixture
def changed(environment, monkeypatch) -> Configuration:
    """What every node in this process loads: other values than those that are shipped."""
    settings = {"safety": {"rate_hz": RATE_HZ}, "safety_node": {"stall_s": STALL_S}}
    found = Configuration.load("panda", "reach", settings)
    found = dataclasses.replace(found, spec=robots.changed(found.spec, control_hz=CONTROL_HZ))
    monkeypatch.setattr(Configuration, "load", classmethod(lambda cls, *names, **more: found))
    rclpy.init(args=[])
    yield found
    rclpy.shutdown()


def test_the_simulated_robot_ticks_and_times_out_as_the_gate_does(changed, monkeypatch):
    pytest.importorskip("pybullet", reason="the simulator is not installed")
    from ami_ros.ros.simulator import sim_node
    from ami_ros.sim.loop.controller import SimController

    made = []

    def controller(spec, timeout_s, tick_s, margin):
        made.append((timeout_s, tick_s, margin))
        return SimController(spec, timeout_s, tick_s, margin)

    monkeypatch.setattr(sim_node, "SimController", controller)
    node = sim_node.SimNode()
    try:
        assert node.tick_ns == round(1e9 / RATE_HZ)
        assert made == [(STALL_S, 1.0 / RATE_HZ, changed.safety.limits["zones"].workspace_margin)]
    finally:
        node.episode.scene.close()
        node.destroy_node()


def test_the_planner_plans_at_the_robots_control_rate(changed, monkeypatch):
    from ami_ros.ros.planner import node as planner_node
    from ami_ros.ros.proposing import node as proposing_node

    periods = []

    def pairing(images, vectors, period_ns, gap_ns, optional):
        periods.append(period_ns)
        return object()

    monkeypatch.setattr(proposing_node, "ObservationPairing", pairing)
    monkeypatch.setattr(planner_node.PlanningCycle, "pursue", lambda self, goal: None)
    factory = PlannerFactory(
        lambda task: load_planner_settings(task=task), lambda spec, model, settings, task, memory: None
    )
    node = PlannerNode(factory)
    try:
        node.trigger_configure()
        assert node.startup_error is None
        assert periods == [round(1e9 / CONTROL_HZ)]
    finally:
        node.destroy_node()


@pytest.mark.parametrize(
    ("file", "gone"),
    [
        ("sim.yaml", ["tick_hz", "command_timeout_s"]),
        ("planner_node.yaml", ["rate_hz"]),
        ("collect.yaml", ["image_size", "physics_hz"]),
    ],
)
def test_no_file_holds_a_copy(file, gone):
    assert not set(gone) & set(read_yaml(config_path(file)))
