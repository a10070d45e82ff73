# SPDX-License-Identifier: Apache-2.0
"""`ami-ros export` from a model file: written again, and as a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from command_line import ami_ros_run
from untrained import untrained_model

from ami_ros.body.robot_spec import load_robot
from ami_ros.model.files import read_verified
from ami_ros.model.runtime import load_model


def test_a_model_is_written_again_and_as_a_bundle(tmp_path: Path):
    model, out, bundle = untrained_model(tmp_path, "push"), tmp_path / "out.pt", tmp_path / "plan.pt"
    result = ami_ros_run("export", "--model", str(model), "--out", str(out), "--bundle", str(bundle))
    assert result.returncode == 0, result.stderr
    assert read_verified(out).sha256 in result.stdout
    assert read_verified(bundle).sha256 in result.stdout
    spec = load_robot("panda", "push")
    assert load_model(out, spec).contract == load_model(model, spec).contract
    loaded = torch.jit.load(bundle)
    image = torch.zeros(128, 128, 3, dtype=torch.uint8)
    noise = torch.randn(2, 8, 8, 4)
    actions = loaded.plan([image], torch.zeros(14), [image], [0], torch.zeros(8, 4), noise)
    assert actions.shape == (8, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "got neither a checkpoint nor --model, expected one of them"),
        (("c.pt", "--model", "m.pt", "--out", "o.pt"), "got c.pt and --model m.pt, expected one of them"),
        (("c.pt", "--half", "--out", "o.pt"), "--half: got a checkpoint, expected --model"),
        (("--model", "m.pt"), "got nothing to write, expected --out MODEL or --bundle FILE"),
        (("--model", "nowhere.pt", "--out", "o.pt"), "nowhere.pt: no such model file"),
    ],
)
def test_what_makes_no_sense(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = ami_ros_run("export", *arguments)
    assert result.returncode != 0
    assert message in " ".join(result.stderr.split())
