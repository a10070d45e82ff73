# SPDX-License-Identifier: Apache-2.0
"""What `ami-ros bench memory` measures is measured, and would be seen if it were bad."""

from __future__ import annotations

import time

import numpy as np
import pytest
from memories import moment
from observed import observed
from robots import HOME, made_up_robot

from ami_ros.bench import remembering
from ami_ros.bench.remembering import append_rate, find_again, loop_added_ms
from ami_ros.memory.index import Index
from ami_ros.memory.store import Store

SIZE = 6


def nothing() -> None:
    pass


def test_the_file_grows_by_what_is_written(tmp_path):
    path = tmp_path / "rate.sqlite"
    figures = append_rate(path, [moment(number) for number in range(30)], 0.3)
    assert figures["append_per_s"] > 1.0
    with Store(path) as store:
        written = figures["bytes_per_moment"] * len(store.ids())
        # A slow machine writes few moments, and a file grows by whole pages of 4 KiB.
        assert written == pytest.approx(store.bytes, rel=0.2, abs=1 << 16)


def test_a_slow_follower_shows(tmp_path):
    class Planner:
        def plan(self, observation):
            return observation.stamp_ns

    class Slow:
        def see(self, observation, plan):
            assert plan == observation.stamp_ns
            time.sleep(0.004)

    spec = made_up_robot()
    seen = [observed(np.zeros((40, 48, 3), np.uint8), np.array(HOME))]
    figures = loop_added_ms(Planner(), seen, spec.step_ns, Slow(), 100)
    assert figures["loop_added_ms_p50"] > 3.0


def test_an_index_that_finds_the_wrong_ones_has_little_recall(monkeypatch):
    points = np.random.default_rng(0).normal(size=(500, SIZE)).astype(np.float16)
    assert find_again(points, 300, 1, nothing)["recall"] == 1.0

    class Blind(Index):
        def nearest(self, point, count):
            return super().nearest(-np.asarray(point), count)[0], np.full(count, 1e3)

    monkeypatch.setattr(remembering, "Index", Blind)
    assert find_again(points, 300, 1, nothing)["recall"] == 0.0
