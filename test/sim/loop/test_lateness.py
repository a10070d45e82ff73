# SPDX-License-Identifier: Apache-2.0
"""A machine that stalls leaves the simulated world behind the gate's clock."""

from __future__ import annotations

from ami_ros.sim.loop.lateness import CATCH_UP_NS, LATE_TICKS, Lateness

TICK_NS = 10_000_000
STALL_NS = 600_000_000


def ticked(lateness: Lateness, start_ns: int, ticks: int) -> int:
    for tick in range(ticks):
        lateness.note_tick(start_ns + tick * TICK_NS)
    return start_ns + (ticks - 1) * TICK_NS


def test_a_world_in_time_is_never_late_and_a_few_ticks_are_made_up_for():
    lateness = Lateness(TICK_NS)
    assert lateness.at_s(5 * STALL_NS) == 0.0, "before its first tick"
    now = ticked(lateness, STALL_NS, 100)
    assert lateness.at_s(now + LATE_TICKS * TICK_NS) == 0.0
    assert lateness.at_s(now + LATE_TICKS * TICK_NS + 1) > 0.0


def test_a_stall_counts_while_it_lasts_and_until_the_robot_has_caught_up():
    lateness = Lateness(TICK_NS)
    now = ticked(lateness, STALL_NS, 3) + STALL_NS
    assert lateness.at_s(now) == STALL_NS / 1e9
    lateness.note_tick(now)
    assert lateness.at_s(now) == STALL_NS / 1e9
    later = ticked(lateness, now, 1 + CATCH_UP_NS // TICK_NS)
    assert lateness.at_s(later - TICK_NS) == STALL_NS / 1e9 and lateness.at_s(later) == 0.0


def test_stalls_one_after_the_other_add_up():
    lateness = Lateness(TICK_NS)
    now = ticked(lateness, STALL_NS, 3)
    for _ in range(2):
        now += STALL_NS
        lateness.note_tick(now)
    assert lateness.at_s(now) == 2 * STALL_NS / 1e9
