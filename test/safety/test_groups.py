# SPDX-License-Identifier: Apache-2.0
"""The gate with several groups: it works group by group, and its verdict is one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bodies import grouped_robot

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Command, Level, Trajectory, Verdict

SETTINGS = load_safety_settings()
TICK_NS = round(1e9 / SETTINGS.rate_hz)
START_NS = 3_000_000_000
ARM, GRIP = slice(0, 7), 7
SLOW = 0.02  # of a unit per second: every channel of every body can


class Story:
    """A gate and a robot that goes where it is told; proposals lead every channel on, ten times a second."""

    def __init__(self, spec: RobotSpec) -> None:
        self.spec, self.body = spec, BodyGroups.of_robot(spec)
        self.gate = Supervisor(self.body, SETTINGS)
        self.now_ns, self.at = START_NS, spec.home.copy()
        self.sees, self.proposes, self.follows = set(spec.sensors), True, True
        self.speeds = np.full(len(self.at), SLOW)

    def run(self, seconds: float) -> list[tuple[Command | None, Verdict]]:
        return [self.tick(count) for count in range(round(seconds * SETTINGS.rate_hz))]

    def tick(self, count: int) -> tuple[Command | None, Verdict]:
        self.now_ns += TICK_NS
        now = self.now_ns
        if "joints" in self.sees:
            self.gate.see_joints(self.at[ARM], now, now, "joints")
        for name in self.sees - {"joints"}:
            values = np.full(self.spec.sensors[name].size, 0.001 * (count % 7))
            self.gate.see_vector(name, count, now, now, values)
        if count % 10 == 0:
            self.gate.see_planner_alive(now)
            if self.proposes:
                assert self.gate.submit(self.proposal(), now).level is Level.PASS
        command, verdict = self.gate.tick(now)
        if command is not None and self.follows:
            self.at = command.position
        return command, verdict

    def proposal(self) -> Trajectory:
        times = np.arange(5, dtype=np.int64) * 100_000_000
        points = self.at + np.outer(times / 1e9, self.speeds)
        return Trajectory(self.spec.command_names, points, times, self.now_ns)


@pytest.fixture
def handy(tmp_path):
    return Story(load_robot(grouped_robot(tmp_path, "arm_with_gripper")))


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


def test_one_command_moves_every_group(handy):
    handy.speeds[GRIP] = -SLOW
    commands = [command for command, _ in handy.run(1.0) if command is not None]
    moved = commands[-1].position - handy.spec.home
    assert (moved[ARM] > 0.5 * SLOW * 0.5).all() and moved[GRIP] < -0.5 * SLOW * 0.5


def test_commands_begin_where_every_group_is_known_to_be(handy):
    handy.sees, handy.proposes = set(), False
    assert all(command is None for command, _ in handy.run(0.2))
    handy.sees = {"joints"}
    assert handy.run(0.3)[-1][0] is not None


def test_what_holds_one_group_holds_all_and_is_named_with_it(handy):
    handy.run(0.5)
    handy.sees = set()
    results = handy.run(1.5)
    command, verdict = results[-1]
    assert verdict.level is Level.HOLD and not command.velocity.any()
    (stale,) = [reason for reason in verdict.reasons if reason.code == "JOINTS_STALE"]
    assert stale.numbers["group"] == "arm"
    silent = [reason for reason in verdict.reasons if reason.code.startswith("PROPOSAL")]
    assert all("group" not in reason.numbers for reason in silent), "what they share is no group's own"
    assert len({str(reason) for reason in verdict.reasons}) == len(verdict.reasons)


def test_a_proposal_is_followed_by_all_groups_or_by_none(handy):
    handy.run(0.3)
    wrong = handy.proposal()
    wrong.positions[:, 3] += 1.0  # the arm begins elsewhere
    wrong.positions[:, GRIP] -= 0.01
    verdict = handy.gate.submit(dataclasses.replace(wrong, stamp_ns=handy.now_ns + 1), handy.now_ns)
    assert codes(verdict) == {"PROPOSAL_START"}
    part = dataclasses.replace(wrong, joint_names=wrong.joint_names[:7], positions=wrong.positions[:, :7])
    assert codes(handy.gate.submit(part, handy.now_ns)) == {"PROPOSAL_JOINT_NAMES"}
    before = handy.at[GRIP]
    handy.proposes = False
    handy.run(0.1)
    assert handy.at[GRIP] >= before, "not the way of the one that was refused"


def test_a_stop_stops_all_and_a_gripper_keeps_its_grip(handy):
    handy.speeds[GRIP] = -SLOW
    handy.run(1.0)
    handy.gate.estop(True, handy.now_ns)
    handy.run(0.5)
    held = handy.at.copy()
    assert held[GRIP] < 0.08
    handy.run(0.5)
    np.testing.assert_array_equal(handy.at, held)
    handy.gate.estop(False, handy.now_ns)
    handy.at = handy.at + np.append(np.full(7, 0.05), 0.0)  # a person pushes the arm
    handy.proposes = handy.follows = False
    handy.run(0.3)
    assert handy.gate.rearm(handy.now_ns).level is Level.PASS
    handy.follows = True
    handy.run(2.0)
    assert handy.at[GRIP] == held[GRIP], "a re-arm opens no gripper"
    np.testing.assert_allclose(handy.at[ARM], held[ARM] + 0.05)


def test_a_base_stops_and_the_arm_on_it_brakes(tmp_path):
    mover = Story(load_robot(grouped_robot(tmp_path, "base_with_arm")))
    mover.speeds = np.array([SLOW] * 7 + [0.0, 0.0])
    mover.run(0.5)
    mover.speeds[7] = 0.2  # m/s faster each second
    mover.run(0.5)
    assert mover.at[7] > 0.02
    mover.gate.estop(True, mover.now_ns)
    mover.run(2.0)
    np.testing.assert_allclose(mover.at[7:], 0.0, atol=1e-3)
    assert (mover.at[ARM] > mover.spec.home[ARM]).all()


def test_one_valve_stays_and_the_other_closes(tmp_path):
    plant = Story(load_robot(grouped_robot(tmp_path, "two_valves")))
    plant.speeds = np.array([20.0, 20.0])
    plant.run(1.0)
    opened = plant.at.copy()
    assert (opened > 30.0).all()
    plant.gate.estop(True, plant.now_ns)
    steps = np.array([command.position for command, _ in plant.run(6.0)])
    np.testing.assert_allclose(steps[-1, 0], opened[0], atol=0.5)
    np.testing.assert_allclose(steps[-1, 1], 20.0, atol=0.05)
    assert (np.abs(np.diff(steps, axis=0)) <= 50.0 / SETTINGS.rate_hz * (1 + 1e-6)).all(), "within its limits"
    assert plant.gate.at_rest


def test_restrictions_have_a_number_for_each_channel_of_the_robot(handy):
    fastest = handy.spec.limits.velocity.copy()
    handy.gate.restrict(Restrictions(velocity=0.5 * fastest))
    with pytest.raises(ConfigError, match="velocity: got .*, expected no looser"):
        handy.gate.restrict(Restrictions(velocity=np.append(0.5 * fastest[:7], 2.0 * fastest[7])))
    with pytest.raises(ConfigError, match="velocity: got .*, expected 8 numbers, one for each of"):
        handy.gate.restrict(Restrictions(velocity=fastest[:7]))
    handy.speeds[GRIP] = -1.0
    handy.gate.restrict(Restrictions(velocity=np.append(fastest[:7], 0.01)))
    positions = np.array([c.position[GRIP] for c, _ in handy.run(1.0) if c is not None])
    assert np.abs(np.diff(positions)).max() <= 0.01 / SETTINGS.rate_hz * (1 + 1e-6)
