# SPDX-License-Identifier: Apache-2.0
"""`ami-ros collect` when something is in its way: it ends, with one line, and goes on where it was."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
import yaml

pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from command import Running, error_line, run
from untrained import untrained_model

from ami_ros.episodes.episode import PLAIN_LOOK, list_episodes, read_episode
from ami_ros.settings.share import config_path

ONLY_EPISODES = ("--event-pairs", 0, "--oddities", 0, "--double-exposures", 0, "--workers", 2)
MANY = 500  # episodes: more than are recorded before the end
SOON_S = 10.0  # 2 s are promised; the machine may be busy


def collect(folder: Path, episodes: int, *more: object) -> tuple[object, ...]:
    return ("collect", "--out", folder, "--episodes", episodes, *ONLY_EPISODES, *more)


def episodes_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("episode_*.npz"))


def test_a_robot_that_the_simulator_cannot_load_ends_the_run_before_it_begins(tmp_path):
    description = yaml.safe_load(config_path("robots", "panda.yaml").read_text())
    (tmp_path / "broken.urdf").write_text("<robot name='broken'></robot>")
    (tmp_path / "panda.urdf").write_bytes(config_path("robots", "panda.urdf").read_bytes())
    description["simulation"]["urdf"] = str(tmp_path / "broken.urdf")
    robot, data = tmp_path / "broken.yaml", tmp_path / "data"
    robot.write_text(yaml.safe_dump(description))
    line = error_line(run(*collect(data, MANY, "--robot", robot)))
    assert "broken.urdf" in line and "PyBullet cannot load it" in line
    assert [path.name for path in data.iterdir()] == [".collect.lock"]


def killed_worker(running: Running, progress: str) -> str:
    """Kill one of the workers, and return what the command ends with."""
    workers = running.until(running.workers, progress)
    os.kill(workers[0], signal.SIGKILL)
    return error_line(running.end())


def test_a_killed_worker_ends_the_run(tmp_path):
    with Running(*collect(tmp_path, MANY)) as running:
        running.until(lambda: episodes_in(tmp_path), "an episode")
        line = killed_worker(running, "a worker")
    assert "SIGKILL" in line and "fewer workers" in line


def test_a_killed_worker_ends_an_evaluation(tmp_path):
    model = untrained_model(tmp_path, "reach")
    options = ("--model", model, "--episodes", MANY, "--workers", 2, "--no-baselines")
    with Running("evaluate", *options) as running:
        assert "SIGKILL" in killed_worker(running, "a worker")


@pytest.mark.slow
def test_a_full_disk_ends_the_run_and_leaves_nothing_half(tmp_path):
    size = 20_000  # bytes: the simulator's copy of the robot is smaller, an episode larger
    line = error_line(run(*collect(tmp_path, MANY), most_bytes=size))
    assert "episode_" in line and "cannot be written" in line and "space" in line
    assert sorted(path.name for path in tmp_path.iterdir()) == [".collect.lock", "dataset.json"]


def test_a_second_run_in_the_same_folder_is_refused_until_the_first_is_gone(tmp_path):
    with Running(*collect(tmp_path, MANY)) as first:
        first.until(lambda: episodes_in(tmp_path), "an episode")
        line = error_line(run(*collect(tmp_path, MANY)))
        assert str(tmp_path) in line and str(first.process.pid) in line and "ami-ros collect" in line
        assert first.process.poll() is None
        first.process.kill()
        first.process.wait()
        wanted = len(episodes_in(tmp_path)) + 3  # beyond what the workers had in hand
        assert run(*collect(tmp_path, wanted)).returncode == 0  # a killed process leaves no lock
    assert len(list_episodes(tmp_path)) == wanted


@pytest.mark.quick("2-True-130")
@pytest.mark.parametrize(
    ("number", "everyone", "code"), [(signal.SIGTERM, False, 143), (signal.SIGINT, True, 130)]
)
def test_a_signal_ends_the_run_with_one_line_and_the_next_goes_on(tmp_path, number, everyone, code):
    """Ctrl-C in a terminal reaches the workers, too."""
    with Running(*collect(tmp_path, MANY)) as running:
        running.until(lambda: len(episodes_in(tmp_path)) >= 3, "three episodes")
        began = time.monotonic()
        (os.killpg if everyone else os.kill)(running.process.pid, number)
        ended = running.end()
        assert time.monotonic() - began < SOON_S
        running_on = running.workers()
    assert (ended.returncode, running_on) == (code, [])
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Process Spawn" not in ended.stderr
    assert ended.stderr.splitlines()[-1] == f"stopped by {number.name}"
    assert not list(tmp_path.glob("*.partial"))
    before = {path: path.read_bytes() for path in episodes_in(tmp_path)}
    assert run(*collect(tmp_path, len(before) + 2)).returncode == 0
    paths = list_episodes(tmp_path)
    assert len(paths) == len(before) + 2
    assert {path: path.read_bytes() for path in before} == before
    for path in paths:
        read_episode(path)


def test_ctrl_c_while_the_workers_start_is_quiet(tmp_path):
    """For seconds they import what they need."""
    with Running(*collect(tmp_path, MANY)) as running:
        running.until(running.workers, "a worker")
        os.killpg(running.process.pid, signal.SIGINT)
        ended = running.end()
    assert ended.returncode == 130
    assert ended.stderr.splitlines()[-1] == "stopped by SIGINT"
    assert "Traceback" not in ended.stderr


def test_plain_records_episodes_and_nothing_else(tmp_path):
    run("collect", "--out", tmp_path, "--plain", "--episodes", 3, "--workers", 1)
    paths = list_episodes(tmp_path)
    assert [int(read_episode(path).look) for path in paths] == [PLAIN_LOOK] * 3
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
