# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from ami_ros.evaluation.figures import comparison, write_json


def row(rate: float) -> dict:
    rates = {
        f"success_{size}cm{end}": value
        for size in (5, 3, 2)
        for end, value in (("", rate), ("_ci", [0.9, 1.0]))
    }
    return {
        **rates,
        "final_error_mean": 0.007,
        "seconds_to_5cm_median": None,
        "plan_ms_p50": 1.0,
        "loop_hz": 2.0,
    }


@pytest.mark.parametrize(("rate", "shown"), [(1.0, "100 %"), (0.995, "99.5 %"), (0.5, "50 %"), (0.0, "0 %")])
def test_a_miss_is_never_rounded_away(rate, shown):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(comparison("mppi (direct)", {**row(rate), "episodes": 200}, {}))
    text = console.export_text()
    assert f" {shown} (90-100)" in text


def test_figures_are_written_whole_and_refuse_what_is_no_number(tmp_path):
    path = tmp_path / "new" / "figures.json"
    write_json(path, {"success_5cm": 1.0})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"success_5cm": float("nan")})
    assert json.loads(path.read_text()) == {"success_5cm": 1.0}
