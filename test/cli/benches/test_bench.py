# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner
from untrained import untrained_model

from ami_ros.bench.search.plan_time import Budget, parse_budget
from ami_ros.bench.search.planner import bench_planner, bench_solvers
from ami_ros.bench.search.settings import load_bench_settings
from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.bench import bench
from ami_ros.errors import ConfigError
from ami_ros.model.runtime import load_model
from ami_ros.planning.settings import load_planner_settings
from ami_ros.system import extras

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


@pytest.mark.slow
def test_the_bench_counts_the_work_of_a_plan(tmp_path):
    spec = load_robot("panda", "reach")
    changes = {"num_samples": 32, "horizon": 3, "num_iterations": 2}
    settings = load_planner_settings(changes, "reach")
    model = load_model(untrained_model(tmp_path, "reach"), spec)
    seen = []
    figures = bench_planner(model, spec, settings, [Budget(64, 3, 2), Budget(32, 3, 2)], PLANS, seen.append)
    assert seen == ["32x3x2", "64x3x2"]
    assert figures["default"] == figures["budgets"]["32x3x2"]
    assert set(figures["default"]) >= KEYS
    small, large = (figures["budgets"][name]["flops"] for name in ("32x3x2", "64x3x2"))
    # The candidates' share doubles; encoding the image and the inverse model's one candidate do not.
    assert small < large < 2 * small
    assert 0.0 < figures["default"]["plan_ms_p50"] <= figures["default"]["plan_ms_p99"]


def test_ours_are_timed_where_nothing_else_is_installed(tmp_path):
    spec = load_robot("panda", "reach")
    settings = load_planner_settings({"num_samples": 16, "num_iterations": 1}, "reach")
    model = load_model(untrained_model(tmp_path, "reach"), spec)
    figures = bench_solvers(model, spec, settings, load_bench_settings(), PLANS, with_public=False)
    assert set(figures) == {"ami_ros_cem", "ami_ros_mppi"}
    assert all(set(row) >= KEYS for row in figures.values())


@pytest.mark.slow
def test_the_command_says_what_is_missing_and_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "bench", ("no_such_solver",))
    out = tmp_path / "figures.json"
    model = str(untrained_model(tmp_path, "reach"))
    command = ["planner", "--model", model, "--plans", "2", "--budget", "8x2x1", "--json", str(out)]
    result = CliRunner().invoke(bench, command)
    assert result.exit_code == 0, result.output
    assert "no_such_solver" in result.output
    assert "pip install -e '.[bench]'" in result.output
    figures = json.loads(out.read_text())
    assert set(figures["default"]) == KEYS
    assert figures["speedup_vs_swm_lewm"] is None
