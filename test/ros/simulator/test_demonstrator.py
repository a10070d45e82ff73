# SPDX-License-Identifier: Apache-2.0
"""Somebody shows a simulated hand a task, through the gate, one episode after the other."""

from __future__ import annotations

import json

import demonstrator
import pytest
import yaml
from std_msgs.msg import String

from ami_ros.configuration import Configuration

pytest.importorskip("pybullet", reason="the simulator is not installed")
SMALL = {"width": 16, "height": 16}  # nobody looks


@pytest.mark.slow
def test_each_demonstration_ends_with_the_block_up_in_the_hand(start, probe, tmp_path, monkeypatch):
    monkeypatch.setattr(demonstrator, "LONGEST_S", 60.0)  # of a busy machine
    robot = tmp_path / "blind_hand.yaml"
    robot.write_text(yaml.safe_dump({"like": "panda_hand", "sensors": {"camera": SMALL, "side": SMALL}}))
    truths = probe.listen(String, "sim/truth", 2000)
    start("sim", robot=str(robot), task="pick")
    configuration = Configuration.load(str(robot), "pick", {})
    with demonstrator.Demonstrations(configuration, tmp_path) as running:
        assert [running.person.show(seed) for seed in (5, 6)] == [True, True]
    probe.spin(1.0)
    seen = [json.loads(message.data) for message in truths]
    for seed in (5, 6):
        heights = [now["objects"][0][2] for now in seen if now["seed"] == seed]
        assert heights[0] < 0.05 and heights[-1] > 0.09, "on the table at first, up at the end"
    assert seen[-1]["unsafe_commands"] == 0
