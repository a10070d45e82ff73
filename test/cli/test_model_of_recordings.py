# SPDX-License-Identifier: Apache-2.0
"""The two commands that make a model of a public data set: new-robot, and model."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml
from command_line import ami_ros_run
from quick_task import quick_task

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
pytest.importorskip("torch", reason="needs the extra 'train'")
from lerobot_old import LENGTHS, write_old

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.model import model
from ami_ros.cli.new_robot import new_robot
from ami_ros.errors import ConfigError
from ami_ros.model.files import read_verified
from ami_ros.safety.gate_body import GateBody
from ami_ros.settings import share

STEPS = 2


@pytest.fixture
def quick(tmp_path) -> Path:
    """Task recorded with a model that knows next to nothing, of short episodes."""
    path = quick_task(share.config_path("tasks", "recorded.yaml"), tmp_path)
    task = yaml.safe_load(path.read_text())
    task["training"] |= {"steps": STEPS, "threads": 1, "horizon": 2, "inverse_horizon": 2, "held_out": 0.3}
    task["collect"] = {"episode_steps": 12}
    path.write_text(yaml.safe_dump(task))
    return path


@pytest.fixture
def few_looks(tmp_path, monkeypatch):
    """Let augmentation make next to nothing."""
    few = {"looks": 1, "double_exposures": 6, "oddities": 4, "event_pairs": 1, "event_steps": 12}
    whole = yaml.safe_load(share.config_path("augmentation.yaml").read_text())
    file = tmp_path / "augmentation.yaml"
    file.write_text(yaml.safe_dump(whole | few))
    from ami_ros.augmentation import settings

    monkeypatch.setattr(settings, "config_path", lambda *parts: file)


@pytest.mark.slow
def test_two_commands(tmp_path, monkeypatch, capsys, quick, few_looks):
    path = write_old(tmp_path / "my set")
    monkeypatch.chdir(tmp_path)
    new_robot(str(path), name="G1", columns=["right_?"])
    printed = capsys.readouterr().out
    assert "head 48x40" in printed and "right_0, right_1 in rad" in printed
    command = shlex.split(printed.splitlines()[-1].removeprefix("Next: ami-ros model "))
    assert command == ["--robot", "g1.yaml", "--task", "recorded", "--data", str(path)]
    model(robot="g1.yaml", task=str(quick), data=path)
    contract = read_verified(tmp_path / "models/g1_recorded/model.pt").contract()
    assert (contract.robot, contract.rate_hz) == ("g1", 10.0)
    assert [channel.name for channel in contract.channels] == ["right_0", "right_1"]
    GateBody.of_robot(load_robot("g1.yaml"))  # and the gate takes it
    imported = json.loads((tmp_path / "runs/g1_recorded/imported/import_report.json").read_text())
    assert imported["episodes"] == sum(length // 25 for length in LENGTHS)
    # Again: nothing is left to do, but not with another recording.
    model(robot="g1.yaml", task=str(quick), data=path)
    other = write_old(tmp_path / "other")
    with pytest.raises(ConfigError, match="imported: got episodes of .*my set.*name another --work"):
        model(robot="g1.yaml", task=str(quick), data=other)


def test_without_a_simulation_there_must_be_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    new_robot(str(write_old(tmp_path / "set")), name="g1")
    with pytest.raises(ConfigError, match="robot g1: got no simulation to collect in, expected --data: a"):
        model(robot="g1.yaml", task="recorded")


def test_what_new_robot_refuses(tmp_path, monkeypatch):
    path = write_old(tmp_path / "set")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="--tip: got hand, expected a URDF with it"):
        new_robot(str(path), tip="hand")
    with pytest.raises(ConfigError, match="--columns, --camera: expected the folder of a LeRobot data set"):
        new_robot("arm.urdf", columns=["right*"])
    with pytest.raises(ConfigError, match=r"--camera: got \['tail'\], expected some of \['head'\]"):
        new_robot(str(path), camera=["tail"])
    assert not list(tmp_path.glob("*.yaml"))


def test_ticks_need_the_calibration(tmp_path):
    run = ami_ros_run("import", str(tmp_path), "--ticks")
    assert run.returncode == 2 and "got --ticks without --calibration" in run.stderr
