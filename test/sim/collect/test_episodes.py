# SPDX-License-Identifier: Apache-2.0
"""Collecting: an episode is the same whoever records it, and a kill loses only the one in flight."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from child_environment import child_environment
from robots import changed

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
from command import session_members
from part_settings import load_collect_settings

from ami_ros.body.robot_spec import load_robot
from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import (
    PLAIN_LOOK,
    EpisodeRecord,
    episode_arrays,
    episode_path,
    list_episodes,
    read_episode,
)
from ami_ros.episodes.manifest import claim
from ami_ros.errors import AmiError, ConfigError, EpisodeError
from ami_ros.settings.fields import load_settings
from ami_ros.sim.collect.episodes import Collector, collect, made_with
from ami_ros.sim.tasks.collect_settings import CollectSettings

EPISODES, STEPS, SIDE = 3, 4, 32
SHIPPED = load_collect_settings("reach")
SMALL = {"episodes": EPISODES, "episode_steps": STEPS, "workers": 1}
SPEC = load_robot("panda")

# Slow enough to be killed, and `-c` keeps pytest out of the spawned workers.
COLLECT = """
import sys
from pathlib import Path
from ami_ros.configuration import Configuration
from ami_ros.sim.collect.episodes import collect
settings = {"collect": {"episodes": 500, "episode_steps": 4, "workers": 2}, "model": {"image_size": 32}}
for _ in collect(Configuration.load("panda", "reach", settings), Path(sys.argv[1])):
    pass
"""


def configuration(robot: str = "panda", **changes: int) -> Configuration:
    settings = {"collect": {**SMALL, **changes}, "model": {"image_size": SIDE}}
    return Configuration.load(robot, "reach", settings)


def same(one: EpisodeRecord, other: EpisodeRecord) -> None:
    found, expected = episode_arrays(one), episode_arrays(other)
    assert set(found) == set(expected)
    for name, array in found.items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.fixture(scope="module")
def recorded() -> list[EpisodeRecord]:
    collector = Collector(configuration())
    return [collector.record(index) for index in range(EPISODES)]


def test_an_episode_has_its_shapes(recorded):
    for record in recorded:
        assert record.images["camera"].shape == (STEPS + 1, SIDE, SIDE, 3)
        assert record.vectors["joints"].shape == (STEPS + 1, 2 * 7)
        assert record.actions.shape == (STEPS, 3)
        assert record.truth["tip"].shape == (STEPS + 1, 3)
        assert np.abs(record.actions).max() <= SPEC.max_tip_speed
        assert record.truth["objects"].shape == (STEPS + 1, 0, 3)
        assert np.ptp(record.images["camera"]) > 100
        assert np.linalg.norm(np.diff(record.truth["tip"], axis=0), axis=1).max() > 1e-3


def test_an_episode_depends_on_seed_and_index_alone(recorded):
    collector = Collector(configuration())
    for index in (2, 0, 2):
        same(collector.record(index), recorded[index])
    assert not np.array_equal(recorded[0].actions, recorded[1].actions)
    reseeded = Collector(configuration(seed=SHIPPED.seed + 1))
    assert not np.array_equal(reseeded.record(0).actions, recorded[0].actions)


def test_where_nothing_varies_the_motion_is_the_same_and_every_look_is_the_plain_one(recorded, tmp_path):
    plain = Collector(configuration(varied=False))
    for index, varied in enumerate(recorded):
        episode = plain.record(index)
        assert episode.look == PLAIN_LOOK
        np.testing.assert_array_equal(episode.actions, varied.actions)
    plain.close()
    assert {int(episode.look) for episode in recorded} != {PLAIN_LOOK}
    claim(tmp_path, made_with(configuration(), unused="event_steps"))
    with pytest.raises(EpisodeError, match="variation"):
        list(collect(configuration(varied=False), tmp_path))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_episode_does_not_depend_on_the_number_of_workers(recorded, tmp_path, workers):
    done = list(collect(configuration(workers=workers), tmp_path / "data"))
    assert sorted(done) == list(range(EPISODES))
    for path, expected in zip(list_episodes(tmp_path / "data"), recorded, strict=True):
        same(read_episode(path), expected)


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="needs /proc to see which processes are left"
)
def test_kill_9_loses_at_most_the_episodes_in_flight(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", COLLECT, str(tmp_path)], env=child_environment(), start_new_session=True
    )
    try:
        deadline = time.monotonic() + 60.0
        while len(list(tmp_path.glob("episode_*.npz"))) < 6:
            assert process.poll() is None, "collecting ended by itself"
            assert time.monotonic() < deadline, "no episodes after a minute"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 20.0
        while session_members(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert session_members(process.pid) == [], "workers outlive the process that started them"
    finally:
        for left in session_members(process.pid):
            os.kill(left, signal.SIGKILL)
    paths = list_episodes(tmp_path)
    contents = {path: path.read_bytes() for path in paths}
    assert len(paths) < 500
    for path in paths:
        assert read_episode(path).images["camera"].shape == (STEPS + 1, SIDE, SIDE, 3)

    wanted = max(int(path.stem[-6:]) for path in paths) + 3
    missing = [index for index in range(wanted) if not episode_path(tmp_path, index).is_file()]
    resumed = list(collect(configuration(episodes=wanted), tmp_path))
    assert sorted(resumed) == missing
    assert [path.name for path in list_episodes(tmp_path)] == [
        episode_path(tmp_path, i).name for i in range(wanted)
    ]
    for path, content in contents.items():
        assert path.read_bytes() == content
    same(
        read_episode(episode_path(tmp_path, missing[-1])),
        Collector(configuration()).record(missing[-1]),
    )


def test_a_finished_data_set_starts_no_episode(tmp_path):
    collector = Collector(configuration())
    from ami_ros.episodes.episode import write_episode

    write_episode(episode_path(tmp_path, 0), collector.record(0))
    assert list(collect(configuration(episodes=1), tmp_path)) == []


def test_an_unknown_robot_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no such file; available there"):
        list(collect(configuration("pandora"), tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_a_robot_that_cannot_be_built_fails_before_any_worker_starts(tmp_path):
    whole = configuration()
    missing = changed(whole.spec, urdf=tmp_path / "pandora.urdf")
    with pytest.raises(AmiError, match="pandora"):
        list(collect(dataclasses.replace(whole, spec=missing), tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_the_manifest_tells_a_data_set_of_an_older_format(tmp_path):
    whole = configuration()
    manifest = made_with(whole, unused="event_steps")
    assert set(manifest) == {
        "format",
        *("robot", "task", "variation", "seed", "episode_steps", "correlation", "amplitude"),
        *("image_size", "physics_hz"),  # of model.yaml and sim.yaml
    }
    assert (manifest["image_size"], manifest["physics_hz"]) == (SIDE, whole.sim.physics_hz)
    claim(tmp_path, {name: value for name, value in manifest.items() if name != "format"})
    with pytest.raises(
        EpisodeError, match="with other settings .format: None, expected 3.; use another folder"
    ):
        list(collect(whole, tmp_path))


@pytest.mark.parametrize("amplitude", [[0.5], [0.1, 0.2, 0.3], [1.0, 0.5], [-0.1, 0.5]])
def test_wrong_amplitudes_are_refused(amplitude):
    with pytest.raises(ConfigError, match="amplitude: got"):
        load_settings(CollectSettings, {**dataclasses.asdict(SHIPPED), "amplitude": amplitude})
