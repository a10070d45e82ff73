# SPDX-License-Identifier: Apache-2.0
"""The oracle judges bodies without an arm: by their channels' limits, and by what standing still is to them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from bodies import mobile_base, process_body

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.settings import load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.sim.loop.command_oracle import STOP_SLACK_TICKS, CommandOracle
from ami_ros.types import Command, Trajectory

TICK_S, TICK_NS, STEP_NS = 0.01, 10_000_000, 200_000_000
FASTEST = np.array([0.6, -1.2])  # m/s, rad/s
BRAKING_S = 0.6  # of the slower channel: 0.6 m/s at 1 m/s^2
NO_RATE = np.zeros(2)


def base(folder: Path, **limits: float | None) -> RobotSpec:
    """The mobile base, with other limits of both channels."""

    def change(values) -> None:
        for channel in values["actions"]["channels"].values():
            channel.update(limits)

    return load_robot(mobile_base(folder, change if limits else None))


def driving(oracle: CommandOracle, velocity: np.ndarray, ticks: range, rate: np.ndarray = NO_RATE) -> None:
    for tick in ticks:
        oracle.see(Command(velocity, rate, tick * TICK_NS), None)


def test_a_base_that_drives_on_after_a_stop_moves_though_its_command_does_not_change(tmp_path):
    oracle = CommandOracle(base(tmp_path), TICK_S)
    driving(oracle, FASTEST, range(1, 4))
    oracle.see_stop(True, 3 * TICK_NS)
    over = 3 + round(BRAKING_S / TICK_S) + STOP_SLACK_TICKS
    driving(oracle, FASTEST, range(4, over + 1))
    assert oracle.moved_after_stop == 0, "it may still brake"
    driving(oracle, FASTEST, range(over + 1, over + 6))
    assert oracle.moved_after_stop == 5
    driving(oracle, NO_RATE, range(over + 200, over + 210))
    assert oracle.moved_after_stop == 5, "no velocity is no motion"
    oracle.see_stop(False, (over + 210) * TICK_NS)
    driving(oracle, FASTEST, range(over + 211, over + 212))
    assert oracle.moved_after_stop == 5


def test_a_command_that_overtakes_the_end_of_the_stop_does_not_count(tmp_path):
    oracle = CommandOracle(base(tmp_path), TICK_S)
    driving(oracle, NO_RATE, range(1, 4))
    oracle.see_stop(True, 3 * TICK_NS)
    driving(oracle, NO_RATE, range(4, 98))
    driving(oracle, FASTEST, range(98, 104))
    assert oracle.moved_after_stop == 6
    oracle.see_stop(False, 100 * TICK_NS)
    assert oracle.moved_after_stop == 2, "those stamped before the re-arm"


def test_set_points_may_stay_where_they_are_after_a_stop_but_not_change(tmp_path):
    oracle = CommandOracle(load_robot(process_body(tmp_path)), TICK_S)
    set_points = np.array([150.0, 30.0])
    driving(oracle, set_points, range(1, 4))
    oracle.see_stop(True, 3 * TICK_NS)
    driving(oracle, set_points, range(20, 30))
    assert oracle.moved_after_stop == 0
    driving(oracle, set_points + [0.0, 0.2], range(30, 31))
    assert oracle.moved_after_stop == 1


def test_commands_of_a_base_are_judged_by_its_channels(tmp_path):
    def counts(*velocities: list[float]) -> dict[str, int]:
        oracle = CommandOracle(base(tmp_path), TICK_S)
        for tick, velocity in enumerate(velocities, start=1):
            oracle.see(Command(np.array(velocity), NO_RATE, tick * TICK_NS), None)
        return oracle.counts

    assert counts([0.0, 0.0], [0.01, -0.04]) == {}
    assert counts([0.0, 0.0], [0.02, 0.0]) == {"jump": 1}  # 2 m/s^2 of 1
    assert counts([0.7, 0.0]) == {"position": 1}
    fast = CommandOracle(base(tmp_path), TICK_S)
    assert fast.see(Command(NO_RATE, np.array([1.5, 0.0]), TICK_NS), None) == ("velocity",)


@pytest.mark.parametrize(
    "limits",
    [{}, {"acceleration": 2.0}, {"acceleration": 2.0, "jerk": 20.0}, {"velocity": None}, {"velocity": 1e4}],
    ids=["rate", "acceleration", "jerk", "none", "hardly any"],
)
def test_the_gate_brings_a_base_to_rest_in_time(tmp_path, limits):
    """The oracle leaves the gate as long as it needs, and not much longer."""
    spec = base(tmp_path, **limits)
    gate, oracle = Supervisor(GateBody.of_robot(spec), load_safety_settings()), CommandOracle(spec, TICK_S)
    pressed, end = 500, 1200
    rest: int | None = None
    command: Command | None = None
    for tick in range(1, end):
        now = tick * TICK_NS
        gate.see_vector("odometry", tick, now, now)
        if tick % 10 == 0 and tick < pressed:
            points, times = np.stack([FASTEST] * 3), np.array([0, STEP_NS, 2 * STEP_NS], dtype=np.int64)
            gate.submit(Trajectory(spec.command_names, points, times, now), now)
        if tick == pressed:
            np.testing.assert_allclose(command.position, FASTEST, atol=0.02)
            gate.estop(True, now)
            oracle.see_stop(True, now)
        command, _ = gate.tick(now)
        if command is not None:
            oracle.see(command, None)
            if tick > pressed:
                backwards = -command.position * np.sign(FASTEST)
                assert backwards.max() < 1e-3, "m/s or rad/s"
                if rest is None and np.abs(command.position).max() < 1e-3:
                    rest = tick
    assert (oracle.unsafe, oracle.moved_after_stop) == (0, 0)
    assert rest is not None
    allowed = dataclasses.replace(
        command, position=FASTEST, velocity=NO_RATE, stamp_ns=(rest + 150) * TICK_NS
    )
    oracle.see(allowed, None)
    assert oracle.moved_after_stop == 1, "1.5 s later it counts"
