# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from ami_ros.safety.gate.clock import (
    CATCH_UP,
    JUMP_NS,
    READING_NS,
    SimulatedTicks,
    SystemClockWatch,
    TickStamps,
)

MS = 1_000_000
TICK_NS = 10 * MS
START_NS = 7_000 * MS


def ticks_ms(*clock_ms: int) -> list[list[int]]:
    """What is due for each message after the first, in ms."""
    ticks = SimulatedTicks(TICK_NS)
    assert ticks.see(START_NS).restart
    return [[(tick - START_NS) // MS for tick in ticks.see(START_NS + ms * MS).ticks_ns] for ms in clock_ms]


def test_a_simulator_at_the_gates_rate_makes_one_tick_per_message():
    assert ticks_ms(10, 20, 30) == [[10], [20], [30]]


def test_a_faster_simulator_does_not_make_the_gate_faster():
    assert [tick for ticks in ticks_ms(*range(1, 41)) for tick in ticks] == [5, 15, 25, 35]


def test_a_slower_simulator_does_not_make_the_gate_slower():
    assert ticks_ms(20, 50) == [[10, 20], [30, 40, 50]]


def test_a_longer_step_is_a_jump_with_a_single_tick():
    ticks = SimulatedTicks(TICK_NS)
    ticks.see(START_NS)
    due = ticks.see(START_NS + (CATCH_UP + 1) * TICK_NS)
    assert due.jump_ns == (CATCH_UP + 1) * TICK_NS and len(due.ticks_ns) == 1 and not due.restart


@pytest.mark.parametrize("back_ms", [0, 3, 5000])
def test_a_clock_that_does_not_advance_is_a_restart_and_no_tick(back_ms):
    ticks = SimulatedTicks(TICK_NS)
    ticks.see(START_NS)
    due = ticks.see(START_NS - back_ms * MS)
    assert due.restart and due.ticks_ns == () and ticks.now_ns == START_NS - back_ms * MS


@pytest.mark.parametrize("by_ns", [-2 * JUMP_NS, JUMP_NS + 1, 3600 * 10**9])
def test_a_system_clock_that_is_set_is_noticed_once_with_its_sign(by_ns):
    watch = SystemClockWatch()
    assert [watch.jump_ns(START_NS + n * TICK_NS, n * TICK_NS) for n in range(3)] == [0, 0, 0]
    assert watch.jump_ns(START_NS + 3 * TICK_NS + by_ns, 3 * TICK_NS) == by_ns
    assert watch.jump_ns(START_NS + 4 * TICK_NS + by_ns, 4 * TICK_NS) == 0


def test_a_gate_that_stands_still_sees_no_jump_and_a_paused_system_clock_is_one():
    watch = SystemClockWatch()
    watch.jump_ns(START_NS, 0)
    assert watch.jump_ns(START_NS + 500 * MS, 500 * MS) == 0
    assert watch.jump_ns(START_NS + 500 * MS, 700 * MS) == -200 * MS


def test_stamps_are_a_tick_apart_although_clocks_are_read_inexactly():
    stamps, due = TickStamps(TICK_NS), [START_NS + n * TICK_NS for n in range(4)]
    inexact_ns = (0, -900, 1_500, -700)
    got = [stamps.stamp(at + error) for at, error in zip(due, inexact_ns, strict=True)]
    assert got == [due[0], due[1], due[2] + 1_500, due[3] + 1_500]


def test_stamps_follow_a_clock_that_was_set_and_never_run_ahead():
    stamps = TickStamps(TICK_NS)
    stamps.stamp(START_NS)
    assert stamps.stamp(START_NS + TICK_NS - READING_NS - 1) == START_NS + TICK_NS - READING_NS - 1
    assert stamps.stamp(START_NS - 5 * JUMP_NS) == START_NS - 5 * JUMP_NS
    assert stamps.stamp(START_NS + 9 * TICK_NS) == START_NS + 9 * TICK_NS
