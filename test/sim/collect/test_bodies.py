# SPDX-License-Identifier: Apache-2.0
"""Collecting for bodies that exist as YAML alone: with the real command, read back from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
from bodies import mobile_base, process_body, setpoint_task, two_cameras_and_force
from command import error_line, run

from ami_ros.body.robot_spec import load_robot
from ami_ros.configuration import Configuration
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES
from ami_ros.episodes.episode import list_episodes, read_episode
from ami_ros.episodes.event import list_events, read_event
from ami_ros.episodes.oddity import ODDITY_FILES
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.errors import EmbodimentError
from ami_ros.sim.collect.episodes import Collector
from ami_ros.sim.collect.oddities import OddityRecorder

EPISODES, STEPS, CLIP_STEPS = 3, 12, 14


def small(values) -> None:
    values["collect"] = {"episode_steps": STEPS, "event_steps": CLIP_STEPS}


def collect(robot: Path, task: object, out: Path, *more: object):
    options = ("--out", out, "--episodes", EPISODES, "--workers", 1, *more)
    return run("collect", "--robot", robot, "--task", task, *options)


@pytest.fixture(scope="module")
def plant(tmp_path_factory) -> tuple[Path, Path, Path]:
    """Return robot, task and data of a process."""
    folder = tmp_path_factory.mktemp("plant")
    robot, task = process_body(folder), setpoint_task(folder, small)
    done = collect(robot, task, folder / "data")
    assert done.returncode == 0, done.stderr
    return robot, task, folder / "data"


def test_a_process_is_recorded_by_its_sensors_names(plant):
    robot, _, data = plant
    spec = load_robot(robot)
    paths = list_episodes(data)
    assert len(paths) == EPISODES
    for path in paths:
        episode = read_episode(path)
        assert episode.body == recorded_body(spec)
        assert not episode.images
        assert {n: v.shape for n, v in episode.vectors.items()} == {
            "temperatures": (STEPS + 1, 2),
            "pressure": (STEPS + 1, 1),
            "flow": (STEPS + 1, 1),
        }
        assert set(episode.truth) == set(spec.sensors)
        noise = episode.vectors["temperatures"] - episode.truth["temperatures"]
        assert 0.01 < noise.std() < 0.3
        low, high = spec.limits.lower, spec.limits.upper
        assert episode.actions.shape == (STEPS, 2)
        assert ((low <= episode.actions) & (episode.actions <= high)).all()
    windows = EpisodeSet(paths).windows(4, 3, np.random.default_rng(0))
    assert set(windows.goals) == set(spec.sensors)


def test_the_plant_obeys_what_is_recorded(plant):
    """The flow is quick: in the end of a step it has followed the valve a good part of the way."""
    episodes = [read_episode(path) for path in list_episodes(plant[2])]
    before = np.concatenate([episode.truth["flow"][:-1, 0] for episode in episodes])
    after = np.concatenate([episode.truth["flow"][1:, 0] for episode in episodes])
    end = 0.5 + 0.1 * np.concatenate([episode.actions[:, 1] for episode in episodes])
    share = np.sum((after - before) * (end - before)) / np.sum((end - before) ** 2)
    assert 0.1 < share < 1.0 - np.exp(-0.2 / 0.3)  # ramps are slower than steps
    away = after - before - share * (end - before)
    assert away.std() < 0.7 * (after - before).std()


def test_no_pictures_are_made_without_cameras(plant):
    robot, task, data = plant
    assert {path.name for path in data.iterdir()} == {
        ".collect.lock",
        "dataset.json",
        *(f"episode_{i:06d}.npz" for i in range(EPISODES)),
    }
    with pytest.raises(EmbodimentError, match="process: got no camera"):
        OddityRecorder(Configuration.load(str(robot), str(task)))


def test_an_episode_of_a_process_depends_on_seed_and_index_alone(plant):
    robot, task, data = plant
    collector = Collector(Configuration.load(str(robot), str(task)))
    for index in (2, 0):
        again, before = collector.record(index), read_episode(list_episodes(data)[index])
        np.testing.assert_array_equal(again.actions, before.actions)
        for name, values in before.vectors.items():
            np.testing.assert_array_equal(again.vectors[name], values)


def test_a_plant_is_not_held_for_want_of_readings(tmp_path):
    """Its control steps of 0.2 s last longer than a reading may be old: the sensors go on meanwhile."""

    def impatient(values) -> None:
        for sensor in values["sensors"].values():
            sensor["max_age_s"] = 0.12

    collector = Collector(
        Configuration.load(str(process_body(tmp_path, impatient)), str(setpoint_task(tmp_path, small)))
    )
    collector.record(0)
    levels = collector._loop.levels
    assert levels["PASS"] + levels["LIMITED"] > 0.9 * sum(levels.values()), levels


def test_a_base_is_recorded_by_yaml_alone(tmp_path):
    def driving(values) -> None:
        small(values)
        values.update(goal_sensor="odometry", tolerance=[0.05] * 6, minimum_travel=1.0)

    robot, task = mobile_base(tmp_path), setpoint_task(tmp_path, driving)
    collector = Collector(Configuration.load(str(robot), str(task)))
    episode = collector.record(1)
    assert episode.vectors["odometry"].shape == (STEPS + 1, 6)
    assert np.ptp(episode.truth["odometry"][:, [0, 5]], axis=0).min() > 0.05
    assert not episode.truth["odometry"][:, 1:5].any()


@pytest.mark.slow
def test_a_panda_with_a_second_camera_and_a_force_by_yaml_alone(tmp_path):
    robot, data = two_cameras_and_force(tmp_path), tmp_path / "data"
    task = tmp_path / "touch.yaml"
    task.write_text(
        f"kind: reach\nepisode_steps: 8\nminimum_travel: 0.15\n"
        f"collect: {{episode_steps: {STEPS}, event_steps: {CLIP_STEPS}}}\nmodel: {{image_size: 32}}\n"
    )
    done = collect(robot, task, data, "--event-pairs", 1, "--oddities", 1, "--double-exposures", 1)
    assert done.returncode == 0, done.stderr
    spec = load_robot(robot)
    for path in list_episodes(data):
        episode = read_episode(path)
        assert {n: v.shape for n, v in episode.images.items()} == dict.fromkeys(
            ("camera", "side"), (STEPS + 1, 32, 32, 3)
        )
        assert {n: v.shape for n, v in episode.vectors.items()} == {
            "joints": (STEPS + 1, 14),
            "force": (STEPS + 1, 6),
        }
        assert episode.body == recorded_body(spec)
    assert {read_event(path).episode.images["side"].shape[0] for path in list_events(data)} == {
        CLIP_STEPS + 1
    }
    oddity = ODDITY_FILES.read(ODDITY_FILES.finished(data)[0])
    assert set(oddity.images) == {"camera", "side"} and set(oddity.vectors) == {"joints", "force"}
    double = DOUBLE_EXPOSURE_FILES.read(DOUBLE_EXPOSURE_FILES.finished(data)[0])
    assert set(double.varied) == set(double.plain) == {"camera", "side"}


def test_tasks_and_robots_that_do_not_fit_end_with_one_line(tmp_path):
    plant, task = process_body(tmp_path), setpoint_task(tmp_path)
    assert "expected kind: process" in error_line(collect("panda", task, tmp_path / "a"))
    assert "without arm" in error_line(collect(plant, "reach", tmp_path / "b"))
    assert "no such file" in error_line(collect(plant, tmp_path / "none.yaml", tmp_path / "c"))
