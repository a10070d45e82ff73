# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from ami_ros.safety.gate.flood import ProposalFlood
from ami_ros.safety.gate.tick_watch import TickWatch

MS = 1_000_000
PERIOD_NS = 10 * MS


def test_it_counts_missed_ticks_and_knows_how_irregular_they_are():
    watch = TickWatch(PERIOD_NS, window_s=1.0)
    begins_ms, lasting_ms = (0, 10, 21, 29, 69, 79), 2
    intervals = []
    for begin in begins_ms:
        intervals.append(watch.begin(begin * MS))
        watch.end((begin + lasting_ms) * MS)
    assert intervals == [0, 10 * MS, 11 * MS, 8 * MS, 40 * MS, 10 * MS]
    assert [watch.is_late(i) for i in intervals] == [False, False, False, False, True, False]
    figures = watch.figures()
    assert figures["ticks"] == 6 and figures["missed_ticks"] == 3
    assert figures["tick_ms_p50"] == pytest.approx(2.0) and figures["interval_ms_max"] == 40.0
    assert 2.0 < figures["jitter_ms_p99"] <= 30.0


def test_figures_are_of_the_window_and_counts_of_all_time():
    watch = TickWatch(PERIOD_NS, window_s=0.05)
    for begin in (0, 90, *range(100, 200, 10)):
        watch.begin(begin * MS)
        watch.end(begin * MS)
    assert watch.figures()["interval_ms_max"] == 10.0 and watch.missed == 8


def test_before_the_first_interval_there_are_only_counts():
    watch = TickWatch(PERIOD_NS, window_s=1.0)
    watch.begin(5)
    assert watch.figures() == {"ticks": 1, "missed_ticks": 0}


@pytest.mark.parametrize(("rate_hz", "expected"), [(10, False), (150, False), (400, True), (1000, True)])
def test_a_flood_is_more_than_the_limit_for_longer_than_a_moment(rate_hz, expected):
    flood = ProposalFlood(limit_hz=200.0)
    assert [flood.see(1, round(n * 1e9 / rate_hz)) for n in range(rate_hz)][-1] is expected


def test_a_backlog_is_no_flood_and_a_flood_ends():
    flood = ProposalFlood(limit_hz=200.0)
    assert not flood.see(40, 0)
    assert flood.see(5000, PERIOD_NS)
    assert flood.see(0, 2 * PERIOD_NS)
    assert not flood.see(0, 600 * MS)
