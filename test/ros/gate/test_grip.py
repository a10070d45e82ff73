# SPDX-License-Identifier: Apache-2.0
"""The simulated Panda holds a block: whatever happens to planner, gate or sensors, the block stays in its hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import yaml
from demonstrator import Truth, proposal
from heard_verdicts import codes_of, listen_to_gate, newest_state
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import load_robot
from ami_ros.sim.tasks.block_task import BlockTask
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.types import Level

pytest.importorskip("pybullet", reason="the simulator is not installed")
SEED = 0  # that of config/sim.yaml
SMALL = {"width": 16, "height": 16}  # nobody looks
IN_HAND = 0.01  # m from the tip to the middle of the block
LIFTED = 0.09  # m
LONG_S = 60.0  # of the wall clock, against a hang
BACK_S = 60.0  # Fast DDS looks every 5 s whether who was killed, and left shared memory, is there
# Lock-step, wall time: nothing changes for the robot if they are short, but while planner or gate are dead each step
# or tick takes as long.
PATIENCE = {"verdict_timeout_s": 0.3, "tick_timeout_s": 1.0}


class Scripted:
    """Plays the planner: the script of task pick, with the truth that the simulator publishes."""

    def __init__(self, probe: Any, robot: str) -> None:
        self.spec = load_robot(robot, "pick")
        task: BlockTask = load_task("pick", self.spec)
        self._motion = task.oracle(task.episode(SEED))
        self.scene = Truth(task)
        self._truths = probe.listen(String, "sim/truth")
        self.commands = probe.listen(Float64MultiArray, "gripper/commands", 200)
        self._proposed = probe.node.create_publisher(JointTrajectory, "planner/proposed", 10)
        self.lives, self._seen_ns = True, 0
        probe.node.create_timer(0.005, self._propose)

    @property
    def now(self) -> dict[str, Any]:
        return json.loads(self._truths[-1].data) if self._truths else {}

    def _propose(self) -> None:
        now = self.scene.now = self.now
        if not self.lives or not now or now["stamp_ns"] == self._seen_ns:
            return
        self._seen_ns = now["stamp_ns"]
        action = self._motion.next(self.scene)
        self._proposed.publish(proposal(self.spec, now, action))

    def is_held(self) -> bool:
        """Return whether the block is up, in the hand."""
        self.scene.now = self.now
        if not self.scene.now:
            return False
        (place,) = self.scene.objects().values()
        return place[2] > LIFTED and float(np.linalg.norm(place - self.scene.truth()["tip"])) < IN_HAND


@pytest.fixture
def robot(tmp_path) -> str:
    path = tmp_path / "blind_hand.yaml"
    path.write_text(yaml.safe_dump({"like": "panda_hand", "sensors": {"camera": SMALL, "side": SMALL}}))
    return str(path)


def test_lock_step_waits_for_the_commands_of_both_controllers(start, probe, robot):
    truths = probe.listen(String, "sim/truth")
    common = {"robot": robot, "task": "pick"}
    start("safety", use_sim_time=True, **common)
    start("sim", lock_step=True, observers=1, episode_steps=3, verdict_timeout_s=0.1, **common)
    probe.call(SetBool, "sim/pause", data=False)

    def final() -> Any:
        return next((t for t in (json.loads(m.data) for m in truths) if t["final"]), None)

    truth = probe.until(final, "the episode's end")
    assert truth["timeouts"] == 3, "only the planner is missing, at each step"
    assert truth["unsafe_commands"] == 0


def test_a_grip_outlives_hold_stop_planner_and_gate(start, probe, robot):
    script, judgements = Scripted(probe, robot), listen_to_gate(probe)
    common = {"robot": robot, "task": "pick"}
    start("sim", lock_step=True, observers=1, **PATIENCE, **common)
    gate = start("safety", use_sim_time=True, **common)
    probe.call(SetBool, "sim/pause", data=False)
    probe.until(script.is_held, "the block in the hand, lifted", LONG_S)

    def newest() -> set[str]:
        return codes_of(newest_state(judgements))

    def keeps_it(seconds: float, what: str) -> None:
        until_ns = script.now["stamp_ns"] + round(seconds * 1e9)
        probe.until(lambda: script.now["stamp_ns"] >= until_ns, f"{seconds} s of simulated time", LONG_S)
        assert script.is_held(), f"{what}: {script.now}"

    def presses() -> bool:
        opening = script.scene.truth()["opening"][0]
        return bool(script.commands[-1].data[0] < opening - 0.5 * script.spec.gripper.press)

    script.lives = False  # a killed planner
    probe.until(lambda: "PROPOSAL_STALE" in newest(), "the hold")
    keeps_it(1.5, "hold")
    assert presses(), "in a hold"

    script.lives = True
    probe.until(lambda: newest_state(judgements).level < Level.HOLD, "the planner in charge again")
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.until(lambda: newest_state(judgements).level is Level.STOP, "the stop")
    keeps_it(0.5, "stop")
    grips = script.commands[-1].data[0]
    keeps_it(1.0, "stop")
    assert presses() and script.commands[-1].data[0] == pytest.approx(grips, abs=1e-3)

    assert probe.call(SetBool, "safety/estop", data=False).success
    assert probe.call(Trigger, "safety/rearm").success
    probe.until(lambda: newest_state(judgements).level < Level.HOLD, "the planner in charge after the re-arm")
    keeps_it(0.5, "re-arm")

    gate.kill()
    keeps_it(0.5, "killed gate")
    script.lives = False
    heard = len(script.commands)
    start("safety", use_sim_time=True, **common)
    told = "commands of a gate that knows nothing of the grip"
    probe.until(lambda: len(script.commands) > heard, told, BACK_S)
    keeps_it(1.0, "new gate")
    assert script.now["unsafe_by_kind"].get("malformed", 0) == 0
