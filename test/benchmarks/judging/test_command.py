# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks judging`: what is there is judged and measured, and neither made nor measured again."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner
from untrained import HOPELESS, untrained_model

from ami_ros.errors import ConfigError
from ami_ros.evaluation.figures import write_json
from ami_ros.model.files import read_verified
from ami_ros.settings.share import shipped_model
from benchmarks.__main__ import app

pytest.importorskip("pybullet", reason="needs pybullet")
RECORDED, STEPS = 4, 7
SIZES = ["--recorded", str(RECORDED), "--steps", str(STEPS), "--episodes", "1", "--workers", "1"]


def judging(folder, *more: str):
    return CliRunner().invoke(app, ["judging", "--folder", str(folder), *SIZES, *more])


def reached(folder, share: float, model) -> None:
    """Write what an earlier run measured of a model."""
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = read_verified(model).sha256
    known = {"model_sha256": sha256, "seed": 7001, "episodes": 1, "success_5cm": share}
    name = "measured.json" if folder.name != "given" else f"{sha256[:16]}.json"
    write_json(folder / name, {**known, "success_5cm_ci": [0.0, 1.0]})


@pytest.mark.slow
def test_it_goes_on_where_it_was_and_tells_expected_from_measured(tmp_path):
    place, out, picture = tmp_path / "panda_reach", tmp_path / "out.json", tmp_path / "out.png"
    (place / "episodes").mkdir(parents=True)
    for index in range(RECORDED):
        (place / "episodes" / f"episode_{index:06d}.npz").touch()  # nobody reads them again
    for name, quality in (("good", {"quality": {**HOPELESS, "open_loop_error": [1e-6]}}), ("untrained", {})):
        (place / name).mkdir()
        untrained_model(place / name, "reach", **(quality or {"quality": HOPELESS}))
    reached(place / "good", 0.25, place / "good" / "model.pt")
    shipped = shipped_model("panda", "reach")
    reached(tmp_path / "given", 1.0, shipped)
    wanted = ["--variant", "good", "--variant", "untrained", "--model", str(shipped)]
    run = judging(tmp_path, *wanted, "--json", str(out), "--plot", str(picture))
    assert run.exit_code == 0, run.output
    figures = json.loads(out.read_text())
    good, untrained, given = figures["models"]
    assert (good["measured"], good["may_plan"]) == (0.25, True)
    assert untrained["measured"] == 0.0 and not untrained["may_plan"]  # it was measured, though it is refused
    assert given["measured"] == 1.0 and given["expected"] > 0.9
    assert figures["passed_under_half"] == ["good"]
    assert figures["refused_over_least"] == [] == list(figures["left_out"])
    # Nothing but its foresight was measured of "good", and that is beyond any: whatever the curves, more is
    # expected of it than of the shipped one.
    assert figures["rank_correlation"] == pytest.approx(0.5)
    assert set(figures["fitted"]) == {"foresight", "sight", "distance"}
    assert picture.read_bytes().startswith(b"\x89PNG")
    other = CliRunner().invoke(app, ["judging", "--folder", str(tmp_path), "--variant", "good"])
    assert isinstance(other.exception, ConfigError) and "choose another --folder" in str(other.exception)


def test_a_model_that_cannot_be_made_is_left_out_and_told(tmp_path):
    broken = tmp_path / "panda_reach" / "good"
    broken.mkdir(parents=True)
    (broken / "model.pt").write_bytes(b"nothing")
    (broken.parent / "episodes").mkdir()
    for index in range(RECORDED):
        (broken.parent / "episodes" / f"episode_{index:06d}.npz").touch()
    out = tmp_path / "out.json"
    run = judging(tmp_path, "--variant", "good", "--json", str(out))
    assert run.exit_code == 0, run.output
    assert list(json.loads(out.read_text())["left_out"]) == ["good"]
