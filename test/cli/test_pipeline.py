# SPDX-License-Identifier: Apache-2.0
"""collect, train, inspect: the verbs that make a model, as a user runs them, on very little data."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from quick_task import quick_task
from warm import run

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.training_run import prepare_run
from ami_ros.configuration import Configuration
from ami_ros.model.runtime import load_model
from ami_ros.settings.share import config_path, shipped_model

EPISODES, STEPS = 6, 3
FEW = ("--episodes", EPISODES, "--event-pairs", 2, "--oddities", 0, "--double-exposures", 8)


def ami_ros(*arguments: object) -> subprocess.CompletedProcess:
    return run([sys.executable, "-m", "ami_ros.cli.main", *map(str, arguments)])


@pytest.fixture(scope="module")
def quick(tmp_path_factory) -> Path:
    """Task reach, of which what follows training is fitted in seconds."""
    return quick_task(config_path("tasks", "reach.yaml"), tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="module")
def made(tmp_path_factory, quick):
    folder = tmp_path_factory.mktemp("pipeline")
    collected = ami_ros("collect", "--out", folder / "data", *FEW, "--workers", 1)
    assert collected.returncode == 0, collected.stderr
    out = ("--out", folder / "model.pt", "--steps", STEPS, "--threads", 1)
    trained = ami_ros("train", "--task", quick, "--data", folder / "data", *out)
    assert trained.returncode == 0, trained.stderr
    return folder, trained


def test_collect_writes_the_episodes_and_nothing_half(made):
    folder, _ = made
    assert len(list((folder / "data").glob("episode_*.npz"))) == EPISODES
    assert not list((folder / "data").glob("*.partial"))


def test_collect_keeps_what_is_there(made):
    folder, _ = made
    before = {path: path.stat().st_mtime_ns for path in (folder / "data").glob("[!.]*")}
    assert ami_ros("collect", "--out", folder / "data", *FEW).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (folder / "data").glob("[!.]*")} == before


def test_train_exports_a_model_that_fits_the_robot_and_logs(made):
    folder, trained = made
    model = load_model(folder / "model.pt", load_robot("panda"))
    assert model.sha256 in trained.stdout
    assert "It may not plan: it hardly predicts the effect of its actions" in trained.stdout
    assert trained.stdout.splitlines()[-1].startswith("What to do: ")
    assert list((folder / "tensorboard").iterdir())
    assert not (folder / "checkpoint.pt").exists()


def test_inspect_prints_and_writes_what_other_tools_read(made):
    folder, _ = made
    result = ami_ros("inspect", folder / "model.pt", "--json", folder / "figures.json")
    assert result.returncode == 0, result.stderr
    assert "copy last state" in result.stdout
    figures = json.loads((folder / "figures.json").read_text())
    assert set(figures) >= {"contract", "sha256", "provenance", "quality", "judgement"}
    assert result.stdout.index("It may not plan") < result.stdout.index("copy last state"), "words first"
    assert not figures["judgement"]["may_plan"]
    assert figures["quality"]["moved"] == "tip_position"
    kinds = {sensor["name"]: sensor["kind"] for sensor in figures["contract"]["sensors"]}
    assert kinds == {"camera": "image", "joints": "vector"}
    assert [channel["name"] for channel in figures["contract"]["channels"]] == ["x", "y", "z"]
    quality = figures["quality"]
    errors = [quality[name] for name in ("open_loop_error", "copy_last_error", "shuffled_action_error")]
    assert len({len(values) for values in errors}) == 1
    assert quality["probes"].keys() == {"joint_position", "tip_position"}
    assert quality["effective_rank"] > 1.0
    assert (
        quality["beyond_range"] == {}
    )  # no pictures of that were recorded: to learn from them takes minutes
    assert quality["alike"].keys() == {"error", "spread"}
    assert "in a varied look, scenes differ" in result.stdout


def test_inspect_tells_what_a_shipped_model_makes_of_odd_pictures(tmp_path):
    result = ami_ros("inspect", shipped_model("panda", "push"), "--json", tmp_path / "figures.json")
    assert result.returncode == 0, result.stderr
    quality = json.loads((tmp_path / "figures.json").read_text())["quality"]
    assert set(quality["beyond_range"]) > {"light", "bystander"}
    assert "beyond the training range, light" in result.stdout


def test_an_altered_model_is_not_even_inspected(made, tmp_path):
    folder, _ = made
    altered = tmp_path / "model.pt"
    altered.write_bytes((folder / "model.pt").read_bytes() + b"x")
    (tmp_path / "model.pt.sha256").write_text((folder / "model.pt.sha256").read_text())
    result = ami_ros("inspect", altered)
    assert result.returncode == 2
    assert "SHA-256" in result.stderr
    assert "Traceback" not in result.stderr


def test_train_without_episodes_says_what_to_do(tmp_path):
    result = ami_ros("train", "--data", tmp_path, "--out", tmp_path / "model.pt")
    assert result.returncode == 2
    assert "ami-ros collect" in result.stderr


@pytest.mark.slow
def test_a_model_of_other_episodes_gets_no_card_of_these(made, quick, tmp_path):
    folder, _ = made
    other, work = tmp_path / "data", tmp_path / "work"
    shutil.copytree(folder / "data", other)
    (other / "episode_000000.npz").unlink()
    work.mkdir()
    for name in ("model.pt", "model.pt.sha256"):
        shutil.copy(folder / name, work)
    refused = ami_ros(*("model", "--task", quick, "--data", other, "--work", work, "--out", tmp_path / "out"))
    assert refused.returncode == 2
    assert "it was trained on other episodes" in refused.stderr and "another --work" in refused.stderr
    assert not (tmp_path / "out" / "model.pt").exists()


@pytest.mark.slow
def test_export_needs_the_settings_that_the_run_was_trained_with(made, quick, tmp_path):
    folder, _ = made
    data, checkpoint, out = folder / "data", tmp_path / "checkpoint.pt", tmp_path / "model.pt"
    prepare_run(
        Configuration.load("panda", str(quick), {"training": {"steps": STEPS, "threads": 1}}), data
    ).trainer.save(checkpoint)
    refused = ami_ros("export", checkpoint, "--task", quick, "--data", data, "--out", out)
    assert refused.returncode == 2
    assert "steps" in refused.stderr
    exported = ami_ros(
        *("export", checkpoint, "--task", quick, "--data", data, "--out", out, "--steps", STEPS)
    )
    assert exported.returncode == 0, exported.stderr
    assert load_model(out, load_robot("panda")).sha256 in exported.stdout
