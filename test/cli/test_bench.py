# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from ami_ros.bench.planner import Budget, bench_planner
from ami_ros.cli.plan_budget import parse_budget
from ami_ros.embodiment import load_robot
from ami_ros.errors import ConfigError
from ami_ros.model.runtime import load_model
from ami_ros.planning.settings import load_planner_settings
from ami_ros.share import shipped_model

PLANS = 5
KEYS = {
    "plan_ms_p50",
    "plan_ms_p99",
    "samples",
    "horizon",
    "iterations",
    "flops",
    "gflops",
    "roof_gflops",
    "roof_share",
}


def test_a_budget_is_three_numbers():
    assert parse_budget("64x5x4") == Budget(64, 5, 4)
    assert str(Budget(64, 5, 4)) == "64x5x4"


@pytest.mark.parametrize(
    "text", ["", "64", "64x5", "0x5x4", "7x5x4", "64x0x4", "64x5x4x3", "axbxc", "-64x5x4"]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match="64x5x4"):
        parse_budget(text)


@pytest.mark.skipif(not shipped_model("panda", "reach").is_file(), reason="no models/panda_reach: make model")
def test_the_bench_counts_the_work_of_a_plan():
    spec = load_robot("panda")
    settings = load_planner_settings({"num_samples": 32, "horizon": 3, "num_iterations": 2})
    model = load_model(shipped_model("panda", "reach"), spec)
    seen = []
    figures = bench_planner(model, spec, settings, [Budget(64, 3, 2), Budget(32, 3, 2)], PLANS, seen.append)
    assert seen == [Budget(32, 3, 2), Budget(64, 3, 2)]
    assert figures["default"] == figures["budgets"]["32x3x2"]
    assert set(figures["default"]) >= KEYS
    small, large = (figures["budgets"][name]["flops"] for name in ("32x3x2", "64x3x2"))
    # The candidates' share doubles; encoding the image and the inverse model's one candidate do not.
    assert small < large < 2 * small
    assert 0.0 < figures["default"]["plan_ms_p50"] <= figures["default"]["plan_ms_p99"]
