# SPDX-License-Identifier: Apache-2.0
"""An arm in a simulator that is not ours, known by its topics alone: explored through the gate."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from heard_verdicts import listen_to_gate, newest_state
from sensor_msgs.msg import JointState

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.wire.goal_status import GoalState, status_from_ros
from ami_ros.ros.wire.messages import joints_from_ros
from ami_ros.types import Level

pytest.importorskip("gymnasium_robotics", reason="needs the extra 'foreign'")
FOREIGN = Path(__file__).parents[1] / "foreign"
MOVED_S = 3.0
SAME_M = 2e-3  # the same place of the tip; joints are a little away from where they are told to be


@pytest.fixture
def bridge(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen]:
    with (
        (tmp_path / "bridge.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, FOREIGN / "bridge.py", "fetch"],
            env={**os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        yield process
        process.kill()


def test_a_fetch_on_mujoco_is_explored_within_its_workspace(bridge, start, probe):
    robot = FOREIGN / "fetch.yaml"
    spec = load_robot(robot)
    names = {"robot": str(robot), "task": "reach"}
    held = spec.simulation.hold_joints
    states = probe.listen(
        JointState, "joint_states", 100, lambda m: joints_from_ros(m, spec.joint_names, held)[0]
    )
    statuses = probe.listen(DiagnosticArray, "planner/goal_status", decode=status_from_ros)
    judgements = listen_to_gate(probe)
    probe.until(lambda: states, "joint states of the bridge")
    assert np.abs(states[0] - spec.home).max() < 0.01
    start("safety", **names)
    start("explorer", **names, autostart=True)

    def moved_s() -> float:
        return statuses[-1].progress.get("moved_s", 0.0) if statuses else 0.0

    probe.until(lambda: moved_s() > MOVED_S, "motion")
    assert statuses[-1].state is GoalState.MOVING
    probe.until(lambda: newest_state(judgements).level <= Level.LIMITED, "a gate that lets it move")
    forward = Kinematics(spec).forward
    tips = np.array([forward(position)[0] for position in states])
    assert np.ptp(tips, axis=0).max() > 0.02
    assert (tips >= spec.workspace[0] - SAME_M).all() and (tips <= spec.workspace[1] + SAME_M).all()


def test_its_urdf_is_what_the_simulator_has():
    made = subprocess.run(
        [sys.executable, FOREIGN / "urdf.py"], capture_output=True, text=True, timeout=60, check=True
    )
    assert made.stdout == (FOREIGN / "fetch.urdf").read_text()
