# SPDX-License-Identifier: Apache-2.0
"""What `python -m benchmarks kills` counts."""

from __future__ import annotations

import time

from benchmarks import kills
from benchmarks.kills import survive_kills


def nothing() -> None:
    pass


def test_kills_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(kills, "MAY_LOSE_S", 10.0)  # a disk that others use: the benchmark measures a second
    figures = survive_kills(tmp_path / "kills.sqlite", 2, 0, nothing)
    assert figures["kills"] == figures["kills_survived"] == 2


def test_a_loss_is_counted(tmp_path, monkeypatch):
    long_ago = time.monotonic_ns() - 2 * 10**9
    monkeypatch.setattr(kills, "lived_and_died", lambda path, lives: ([long_ago], time.monotonic_ns()))
    figures = survive_kills(tmp_path / "kills.sqlite", 1, 0, nothing)
    assert figures["kills_survived"] == 0 and figures["lost_s_max"] >= 2.0
