# SPDX-License-Identifier: Apache-2.0
"""Recorded episodes, what a model thinks of them, and the viewer's file of that."""

from __future__ import annotations

import pytest

pytest.importorskip("rerun", reason="needs the extra 'watch'")
pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from command_line import ami_ros_run

from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import episode_path, write_episode
from ami_ros.sim.collect.episodes import Collector

STEPS = 12
WANTED = Configuration.load("panda", "reach", {"collect": {"episode_steps": STEPS, "workers": 1}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path, collector = tmp_path_factory.mktemp("episodes"), Collector(WANTED)
    for index in range(2):
        write_episode(episode_path(path, index), collector.record(index))
    return path


def test_every_step_is_shown_with_plan_goal_and_imagination(folder, tmp_path):
    out = tmp_path / "seen.rrd"
    where = ("--robot", "panda", "--task", "reach", "--ahead", "0.5", "--save", str(out))
    done = ami_ros_run("watch", str(folder), *where)
    assert done.returncode == 0, done.stderr
    assert f"showed {2 * STEPS} steps" in done.stdout
    content = out.read_bytes()
    for place in (b"camera/camera", b"goal/camera", b"imagination", b"distance", b"surprise/pose"):
        assert place in content
    names = [name for part in WANTED.spec.parts for name in part.command_names]
    shown = [name for name in names if f"channels/{name}/planned".encode() in content]
    assert len(shown) == 4


def test_episodes_of_another_robot_are_refused_in_one_line(folder):
    where = ("--robot", "husky", "--task", "drive", "--save", str(folder / "x.rrd"))
    done = ami_ros_run("watch", str(folder), *where)
    assert done.returncode == 2
    assert "expected" in done.stderr and "Traceback" not in done.stderr
