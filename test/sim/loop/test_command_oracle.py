# SPDX-License-Identifier: Apache-2.0
"""The oracle must find each kind of unsafe command, and must not cry wolf."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bodies.wheeled_base import husky_yaml
from robots import changed

from ami_ros.body.robot_spec import load_robot
from ami_ros.sim.loop.command_oracle import KEEP_IN_TOLERANCE, UNHEARD_NS, CommandOracle
from ami_ros.types import Command

TICK_S, TICK_NS = 0.01, 10_000_000
SPEC = load_robot("panda")
JERK = np.full(7, 100.0)  # rad/s^3: low enough to show at 100 Hz
LIMITS = dataclasses.replace(SPEC.limits, jerk=JERK)
ROBOT = changed(SPEC, limits=LIMITS)
STILL = np.zeros(7)


def along(accelerations: list[float], joint: int = 2) -> list[Command]:
    """Commands from home with these accelerations of one joint, one per tick."""
    position, velocity, commands = SPEC.home.copy(), STILL.copy(), [Command(SPEC.home, STILL, 0)]
    for tick, acceleration in enumerate(accelerations):
        before = velocity.copy()
        velocity[joint] += acceleration * TICK_S
        position = position + (before + velocity) / 2 * TICK_S
        commands.append(Command(position.copy(), velocity.copy(), (tick + 1) * TICK_NS))
    return commands


def judge(commands: list[Command], oracle: CommandOracle | None = None) -> CommandOracle:
    oracle = oracle or CommandOracle(ROBOT, TICK_S)
    for command in commands:
        oracle.see(command, command.position)
    return oracle


GENTLE = [1.0, 2.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0, -3.0, -2.0, -1.0]


def test_a_gentle_motion_is_safe():
    oracle = judge(along(GENTLE))
    assert oracle.unsafe == 0 and oracle.counts == {}


@pytest.mark.parametrize(
    ("accelerations", "kind"),
    [
        ([0.0, 0.0, 2.0], "jerk"),  # 2 rad/s^2 within a tick is 200 rad/s^3
        ([0.9 * i for i in range(13)], "acceleration"),  # 10.8 of 10 rad/s^2
    ],
)
def test_what_is_too_sudden_is_found(accelerations, kind):
    oracle = judge(along(accelerations))
    assert oracle.counts == {kind: 1} and oracle.unsafe == 1


def test_position_velocity_and_jumps_are_found():
    outside = SPEC.home.copy()
    outside[3] = -0.06
    assert "position" in CommandOracle(ROBOT, TICK_S).see(Command(outside, STILL, 0), outside)
    fast = np.array([0.0, 2.2, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert "velocity" in CommandOracle(ROBOT, TICK_S).see(Command(SPEC.home, fast, 0), SPEC.home)
    assert "jump" in CommandOracle(ROBOT, TICK_S).see(Command(SPEC.home + 0.6, STILL, 0), SPEC.home)
    step = along([0.0, 0.0])
    assert judge([*step, Command(SPEC.home + 0.004, STILL, 3 * TICK_NS)]).counts == {"jump": 1}
    assert judge([*step, Command(SPEC.home + 0.0005, STILL, 3 * TICK_NS)]).unsafe == 0, "a re-armed gate"


def seen_at(places, path) -> CommandOracle:
    """Return what was made of a path of the last joint (T,) for a body whose last joint is at places (T,)."""
    oracle = CommandOracle(ROBOT, TICK_S)
    last = np.eye(len(SPEC.home))[-1]
    for tick, (at, where) in enumerate(zip(path, places, strict=True)):
        oracle.see(Command(SPEC.home + at * last, STILL, tick * TICK_NS), SPEC.home + where * last)
    return oracle


def test_commands_that_leave_a_body_behind_are_jumps_once_they_are_far():
    steps = np.minimum(0.0007 * np.arange(60), 0.02)
    path = np.cumsum(steps)
    far = int((path > 0.5).sum())
    assert 20 < far < 40
    assert seen_at(np.zeros(60), path).counts == {"jump": far}, "it is blocked"
    behind = np.concatenate([path[:20], np.full(40, path[19])])
    assert seen_at(behind, path).counts == {"jump": int((path - path[19] > 0.5).sum())}, "from then on"


@pytest.mark.parametrize(
    ("speed", "unsafe"),
    [
        (0.0, 20),  # it stays there, and presses
        (0.001, 20),  # it goes on
        (-0.001, 0),  # it comes back
    ],
)
def test_a_body_that_is_pushed_away_has_to_be_followed_soon(speed, unsafe):
    """0.8 rad, within one tick; half a second later the command must be coming back."""
    path = np.cumsum(np.concatenate([np.zeros(10), np.full(70, speed)]))
    places = np.where(np.arange(80) < 10, 0.0, -0.8)
    assert seen_at(places, path).unsafe == unsafe


def test_a_command_that_is_no_number_is_excused_by_nothing():
    path = np.concatenate([np.zeros(10), [np.nan]])
    assert seen_at(np.zeros(11), path).unsafe == 1


def test_nan_is_never_safe():
    assert judge([Command(SPEC.home * np.nan, STILL, 0)]).unsafe == 1
    assert judge([Command(SPEC.home, STILL * np.nan, 0)]).unsafe == 1


def test_after_a_gap_more_may_have_changed_but_not_anything():
    first = Command(SPEC.home, STILL, 0)
    later = Command(SPEC.home + 0.03, STILL, 2 * TICK_NS)  # 1.5 rad/s
    assert judge([first, later]).unsafe == 0
    assert judge([first, dataclasses.replace(later, stamp_ns=TICK_NS)]).counts == {"jump": 1}


def test_leaving_the_workspace_is_found_and_coming_back_is_not():
    tips = {0: 0.25, 1: 0.299, 2: 0.305, 3: 0.31, 4: 0.308, 5: 0.29, 6: 0.305}  # y of 0.3 at most

    def tip(position: np.ndarray) -> np.ndarray:
        return np.array([0.5, tips[round(position[0])], 0.2])

    limits = dataclasses.replace(LIMITS, upper=None)

    def wrong(start: int, *indices: int) -> list[bool]:
        oracle = CommandOracle(changed(SPEC, limits=limits), TICK_S, tip)
        commands = [Command(np.full(7, float(i)), STILL, (n + 1) * 10**11) for n, i in enumerate(indices)]
        return ["workspace" in oracle.see(command, np.full(7, float(start))) for command in commands]

    assert wrong(0, 0, 1, 2, 3, 4, 5, 6) == [False, False, True, True, True, False, True]
    assert wrong(3, 3, 4, 2, 4, 5, 2) == [False, False, False, True, False, True], "it started outside"


def test_motion_after_a_stop_is_found_once_braking_is_over():
    oracle = judge(along([1.0, 2.0, 3.0, 3.0]))
    oracle.see_stop(True, 4 * TICK_NS)
    rest = along([1.0, 2.0, 3.0, 3.0])[-1]
    later = [dataclasses.replace(rest, velocity=STILL, stamp_ns=(10 + i) * TICK_NS) for i in range(60)]
    judge(later, oracle)
    assert oracle.moved_after_stop == 0
    moved = dataclasses.replace(later[-1], position=rest.position + 0.002, stamp_ns=71 * TICK_NS)
    judge([moved], oracle)
    assert oracle.moved_after_stop == 1
    oracle.see_stop(False, 72 * TICK_NS)
    judge([dataclasses.replace(moved, stamp_ns=73 * TICK_NS, position=rest.position + 0.004)], oracle)
    assert oracle.moved_after_stop == 1


def test_braking_begins_with_commands_that_the_word_of_the_stop_overtook(tmp_path):
    spec = load_robot(husky_yaml(tmp_path))
    oracle, speed = CommandOracle(spec, TICK_S), 0.4
    oracle.see(Command(np.zeros(2), np.zeros(2), 0), None)
    oracle.see_stop(True, 50 * TICK_NS)
    change = spec.limits.velocity[0] * TICK_S
    moving = [min(speed, tick * change) for tick in range(1, 51)]
    braking = [max(0.0, speed - tick * change) for tick in range(1, 60)]
    for tick, velocity in enumerate([*moving, *braking], 1):
        oracle.see(Command(np.array([velocity, 0.0]), np.zeros(2), tick * TICK_NS), None)
    assert oracle.moved_after_stop == 0
    oracle.see(Command(np.array([0.1, 0.0]), np.zeros(2), 200 * TICK_NS), None)
    assert oracle.moved_after_stop == 1


def test_a_malformed_command_counts():
    oracle = CommandOracle(ROBOT, TICK_S)
    oracle.see_malformed()
    assert oracle.unsafe == 1 and oracle.counts == {"malformed": 1}
    oracle.start_again()
    assert oracle.unsafe == 0


def test_a_base_outside_of_its_area_is_unsafe(tmp_path):
    spec = load_robot(husky_yaml(tmp_path))
    oracle, edge = CommandOracle(spec, TICK_S), 2.2 - spec.base.radius

    def see(tick: int, x: float) -> tuple[str, ...]:
        return oracle.see(
            Command(np.zeros(2), np.zeros(2), round(tick * TICK_S * 1e9)), None, np.array([x, 0.0, 0.3])
        )

    assert see(0, 0.0) == see(1, edge + 0.5 * KEEP_IN_TOLERANCE) == ()
    assert see(2, edge + 1.1 * KEEP_IN_TOLERANCE) == ("keep_in",)
    oracle.forget_motion()
    assert see(3, edge + 0.4) == (), "it begins outside, and may come back"
    assert see(4, edge + 0.2) == ()
    assert see(5, edge + 0.4) == ("keep_in",), "but not get out again"
    assert oracle.counts == {"keep_in": 2} and oracle.unsafe == 2


def test_a_base_that_changes_its_speed_too_fast_is_unsafe(tmp_path):
    spec = load_robot(husky_yaml(tmp_path))
    oracle = CommandOracle(spec, TICK_S)
    most = spec.limits.velocity * TICK_S
    for tick, values in enumerate([np.zeros(2), most, most * [2.0, 1.0]]):
        assert oracle.see(Command(values, np.zeros(2), round(tick * TICK_S * 1e9)), None) == ()
    wrong = oracle.see(Command(most * [2.0, 2.5], np.zeros(2), round(3 * TICK_S * 1e9)), None)
    assert wrong == ("jump",)
    assert oracle.see(Command(np.array([0.0, 1.0]), np.zeros(2), 10**10), None) == ("position",)


def test_a_base_without_a_limit_of_jerk_is_given_time_to_brake(tmp_path):
    spec = load_robot(husky_yaml(tmp_path))
    oracle, speed = CommandOracle(spec, TICK_S), 0.4
    oracle.see(Command(np.array([speed, 0.0]), np.zeros(2), 0), None)
    oracle.see_stop(True, 0)
    for tick in range(1, 100):
        left = max(0.0, speed - tick * spec.limits.velocity[0] * TICK_S)
        oracle.see(Command(np.array([left, 0.0]), np.zeros(2), tick * TICK_NS), None)
    assert oracle.moved_after_stop == 0
    oracle.see(Command(np.array([0.1, 0.0]), np.zeros(2), 100 * TICK_NS), None)
    assert oracle.moved_after_stop == 1


def test_ticks_that_were_left_out_are_no_motion_after_a_stop(tmp_path):
    spec = load_robot(husky_yaml(tmp_path))
    oracle, speed = CommandOracle(spec, TICK_S), 0.4
    oracle.see(Command(np.array([speed, 0.0]), np.zeros(2), 0), None)
    oracle.see_stop(True, 0)
    change = spec.limits.velocity[0] * TICK_S
    slowed = [max(0.0, speed - tick * change) for tick in range(1, 100)]
    for tick, left in enumerate(slowed):
        late = 3 * tick  # a loaded machine runs each third tick
        oracle.see(Command(np.array([left, 0.0]), np.zeros(2), late * TICK_NS), None)
    assert oracle.moved_after_stop == 0
    oracle.see(Command(np.array([0.1, 0.0]), np.zeros(2), 300 * TICK_NS), None)
    assert oracle.moved_after_stop == 1


def test_a_gate_that_has_not_heard_of_a_reset_may_hold_the_robot_where_it_stood():
    elsewhere, hold = SPEC.home + 0.6, Command(SPEC.home, STILL, TICK_NS)
    for moved, late_ns, unsafe in [
        (0.0, TICK_NS, 0),
        (0.0, UNHEARD_NS + TICK_NS, 1),
        (1e-3, TICK_NS, 1),
    ]:
        oracle = CommandOracle(ROBOT, TICK_S)
        oracle.see(hold, SPEC.home)
        oracle.forget_motion()
        oracle.forget_motion()  # a reset, and a pause
        oracle.see(Command(SPEC.home + moved, STILL, TICK_NS + late_ns), elsewhere)
        assert oracle.unsafe == unsafe
    moving = CommandOracle(ROBOT, TICK_S)
    moving.see(hold, SPEC.home)
    moving.forget_motion()
    assert "jump" in moving.see(Command(SPEC.home, STILL + 0.1, 2 * TICK_NS), elsewhere)
