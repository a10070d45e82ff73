# SPDX-License-Identifier: Apache-2.0
"""`ami-ros export-data`, and `ami-ros import` of what it wrote, as people type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
from command_line import ami_ros_run

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.output import CLOSED
from ami_ros.episodes.episode import EpisodeRecord, episode_path, list_episodes, read_episode, write_episode
from ami_ros.episodes.recorded_body import recorded_body

STEPS, SIDE = 6, 64  # px, the model's


def moving_panda(folder: Path) -> EpisodeRecord:
    """Write an episode of a Panda whose picture changes as it moves."""
    spec = load_robot("panda", "reach")
    ramp = np.linspace(0.0, 1.0, STEPS + 1)
    joints = spec.arm.home + 0.1 * ramp[:, None]
    record = EpisodeRecord(
        images={"camera": np.broadcast_to((200 * ramp).astype(np.uint8)[:, None, None, None], (STEPS + 1, SIDE, SIDE, 3))},
        vectors={"joints": np.hstack([joints, np.zeros_like(joints)]).astype(np.float32)},
        actions=np.linspace(-0.3, 0.3, STEPS * 3).reshape(STEPS, 3).astype(np.float32),
        truth={},
        look=np.asarray(0, np.int64),
        body=recorded_body(spec),
    )  # fmt: skip
    write_episode(episode_path(folder, 0), record)
    return record


def test_out_and_in_again(tmp_path):
    told, out, back = moving_panda(tmp_path / "episodes"), tmp_path / "out", tmp_path / "back"
    pair = ("--robot", "panda", "--task", "reach")
    words = "Reach the mark"
    run = ami_ros_run(
        "export-data", *pair, "--data", str(tmp_path / "episodes"), "--out", str(out), "--instruction", words
    )
    assert run.returncode == 0, run.stderr
    assert f'1 episodes, {STEPS + 1} frames. Open it: LeRobotDataset("panda_reach"' in run.stdout
    run = ami_ros_run("import", str(out), *pair, "--out", str(back), "--episode-steps", str(STEPS))
    assert run.returncode == 0, run.stderr
    assert "actions from actions (100% known from actions)" in run.stdout
    (episode,) = map(read_episode, list_episodes(back))
    np.testing.assert_array_equal(episode.vectors["joints"], told.vectors["joints"])
    np.testing.assert_allclose(episode.actions, told.actions, rtol=1e-6)
    np.testing.assert_array_equal(episode.images["camera"], told.images["camera"])
    report = json.loads((back / "import_report.json").read_text())
    assert report["recordings"] == [str(out)] and report["dropped"] == []
    assert (back / "import_report.png").stat().st_size > 0


def test_a_folder_may_be_where_one_is(tmp_path, monkeypatch):
    moving_panda(tmp_path / "episodes")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    pair = ("--robot", "panda", "--task", "reach")
    run = ami_ros_run("export-data", *pair, "--data", "../episodes", "--out", ".")
    assert run.returncode == 0, run.stderr
    assert f'root="{tmp_path / "out"}"' in "".join(run.stdout.splitlines())
    assert (tmp_path / "out" / "meta" / "info.json").is_file()


def test_an_import_whose_reader_has_gone_has_written_its_report(tmp_path):
    """`ami-ros import ... | head -1`: the episodes without the report could neither be used nor made again."""
    moving_panda(tmp_path / "episodes")
    out, back, pair = tmp_path / "out", tmp_path / "back", ("--robot", "panda", "--task", "reach")
    run = ami_ros_run("export-data", *pair, "--data", str(tmp_path / "episodes"), "--out", str(out))
    assert run.returncode == 0, run.stderr
    reads, writes = os.pipe()
    os.close(reads)
    code = f"import os; os.dup2({writes}, 1); from ami_ros.cli.main import main; main()"
    command = [sys.executable, "-c", code, "import", str(out), *pair, "--out", str(back)]
    run = subprocess.run(
        [*command, "--episode-steps", str(STEPS)], pass_fds=[writes], capture_output=True, check=False
    )
    os.close(writes)
    assert run.returncode == CLOSED and b"Traceback" not in run.stderr
    assert len(list_episodes(back)) == 1
    assert json.loads((back / "import_report.json").read_text())["recordings"] == [str(out)]
    assert (back / "import_report.png").stat().st_size > 0
