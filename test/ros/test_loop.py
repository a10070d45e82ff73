# SPDX-License-Identifier: Apache-2.0
"""Simulator, planner and gate as processes: the loop that everything else is for."""

from __future__ import annotations

import importlib.util
import json
import sys

import numpy as np
import pytest
from heard_verdicts import codes_of, listen_to_gate, newest_state
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool

from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.clients.episodes import EpisodeClient
from ami_ros.ros.wire.messages import joints_to_ros
from ami_ros.ros.wire.qos import LATCHED
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.task import Task

pytest.importorskip("pybullet", reason="the simulator is not installed")
STEPS = 15
SEED, OTHER_SEED = 3, 4
STILL = np.zeros(7)


@pytest.fixture
def task() -> Task:
    task = load_task("reach", load_robot("panda", "reach"))
    task.episode_steps = STEPS
    return task


@pytest.fixture
def client(environment, task):
    processes = []
    spec = load_robot("panda", "reach")
    client = EpisodeClient(spec, task, lambda: [process.check() for process in processes])
    client.processes = processes
    yield client
    client.close()


def in_process(path, task, seed: int) -> np.ndarray:
    """The same episode without ROS: joints (S + 1, J)."""
    from ami_ros.sim.loop.closed_loop import ClosedLoop
    from ami_ros.sim.pybullet.scene import Scene

    module_spec = importlib.util.spec_from_file_location("straight_line_node", path)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module  # dataclasses look themselves up there
    module_spec.loader.exec_module(module)
    spec = load_robot("panda", "reach")
    planner = module.StraightLine(spec, module.StraightLineSettings(horizon=5, crash=False))
    loop = ClosedLoop(Scene(spec, 200.0), spec, load_safety_settings())
    return loop.run(planner, seed, task, by_joints=True).joints


def test_lock_step_is_bit_identical_for_a_seed_and_to_the_loop_without_ros(
    start, client, task, straight_line
):
    client.processes += [
        start("sim", lock_step=True, observers=3),
        start("safety", use_sim_time=True),
        start(straight_line, use_sim_time=True, autostart=True),
    ]
    runs = [client.run(seed, STEPS, task.episode(seed).goal) for seed in (SEED, OTHER_SEED, SEED)]
    assert runs[0].joints.shape == (STEPS + 1, 7)
    assert runs[0].error[-1] < 0.5 * runs[0].error[0], "it goes toward the goal"
    assert np.array_equal(runs[0].joints, runs[2].joints)
    assert not np.array_equal(runs[0].joints, runs[1].joints)
    assert np.array_equal(runs[0].joints, in_process(straight_line, task, SEED))
    assert client.faults == {"unsafe_commands": 0, "timeouts": 0}


def test_lock_step_goes_on_without_a_planner_and_says_so(start, probe, environment):
    truths = probe.listen(String, "sim/truth")
    start("safety", use_sim_time=True)
    start("sim", lock_step=True, observers=1, episode_steps=3, verdict_timeout_s=0.1)
    probe.call(SetBool, "sim/pause", data=False)

    def final():
        return next((t for t in (json.loads(m.data) for m in truths) if t["final"]), None)

    truth = probe.until(final, "the episode's end")
    first = json.loads(truths[0].data)
    assert truth["timeouts"] == 3 and truth["step"] == 3 and truth["unsafe_commands"] == 0
    assert np.allclose(truth["joints"], first["joints"], atol=1e-3), "it stood still"


def test_the_robot_holds_when_the_planner_dies_and_when_the_gate_dies(start, probe, task, straight_line):
    truths = probe.listen(String, "sim/truth")
    judgements = listen_to_gate(probe)
    goals = probe.node.create_publisher(JointState, "planner/goal_joints", LATCHED)
    episode, names = task.episode(SEED), load_robot("panda", "reach").joint_names
    # Slowly: at full speed a simulator that a busy machine keeps waiting for a quarter of a second, which is what
    # joint states may be old, is commanded further ahead than a controller takes.
    sim, gate = start("sim", seed=SEED), start("safety", speed_scale=0.3)
    planner = start(straight_line, autostart=True)

    def joints() -> np.ndarray:
        truths.clear()
        return np.array(json.loads(probe.until(lambda: truths, "the truth")[-1].data)["joints"])

    def moves() -> bool:
        before = joints()
        probe.spin(0.3)
        return bool(np.abs(joints() - before).max() > 1e-2)

    def stale() -> bool:
        codes = codes_of(newest_state(judgements))
        # A gate that stalled meanwhile has forgotten that there was a proposal.
        forgot = any("GATE_STALLED" in codes_of(judgement.verdict) for judgement in judgements)
        return "PROPOSAL_STALE" in codes or (forgot and "PROPOSAL_MISSING" in codes)

    probe.until(goals.get_subscription_count, "a planner that listens for goals")
    assert np.abs(joints() - episode.start).max() < 1e-2, "without a goal it stands still"
    goals.publish(joints_to_ros(names, episode.goal, STILL, 1))
    probe.until(lambda: np.abs(joints() - episode.start).max() > 0.03, "motion")
    planner.kill()
    # On a busy machine a proposal may have been late before: that hold is not the planner's end, and is told as well.
    probe.until(lambda: stale() and not moves() and stale(), "the gate's hold")
    probe.spin(0.5)
    assert not moves()
    gate.kill()
    probe.spin(0.3)
    assert not moves()
    assert json.loads(truths[-1].data)["unsafe_by_kind"] == {}
    sim.check()
