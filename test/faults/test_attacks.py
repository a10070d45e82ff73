# SPDX-License-Identifier: Apache-2.0
"""Strangers attack the running nodes, and nothing gives way."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.cli.benches.attacks import DEFAULT_SEED, measure_attacks
from ami_ros.evaluation.experiment import prepare


@pytest.mark.slow
def test_attacks_at_random_change_nothing(tmp_path):
    experiment = prepare("panda", "reach", None, None, episodes=1, seed=DEFAULT_SEED, goal="image")
    figures = measure_attacks(experiment, 0.05, DEFAULT_SEED, tmp_path)
    assert figures["runs"] >= 1
    assert (figures["unsafe_commands"], figures["moved_after_stop"]) == (0, 0)
    assert set(figures["memory"]["peak_share"]) == {"sim", "safety", "planner"}
