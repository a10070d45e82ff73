# SPDX-License-Identifier: Apache-2.0
"""A task's file: its own settings, and what it changes in those of others."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml
from part_settings import load_collect_settings, load_model_settings, load_training_settings

from ami_ros.body.robot_spec import load_robot
from ami_ros.configuration import Configuration
from ami_ros.errors import ConfigError
from ami_ros.planning.settings import load_planner_settings
from ami_ros.settings import task_file
from ami_ros.settings.share import config_path
from ami_ros.settings.task_file import known_tasks, merged, read_task
from ami_ros.sim.tasks.by_name import load_task


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write config/tasks/mine.yaml in a copy of config/."""
    for path in config_path().glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "tasks").mkdir()
    monkeypatch.setattr(task_file, "config_path", lambda *parts: tmp_path.joinpath(*parts))

    def put(content: object) -> Path:
        path = tmp_path / "tasks" / "mine.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return put


def test_the_shipped_tasks():
    names = ["barrier", "drive", "pick", "place", "push", "reach", "recorded", "stack", "two_room"]
    assert known_tasks() == names
    for task in known_tasks():
        assert read_task(task).name == read_task(task).kind == task
        assert "episode_steps" in read_task(task).own


def test_an_unknown_task_names_the_known_ones():
    with pytest.raises(
        ConfigError, match="unknown task 'juggle': expected one of barrier, drive, pick, place, push, reach"
    ):
        read_task("juggle")


def test_a_task_may_be_a_path(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("kind: reach\nepisode_steps: 7\nminimum_travel: 0.1\ncollect: {episodes: 3}\n")
    file = read_task(str(path))
    assert (file.name, file.kind, file.own["episode_steps"]) == ("mine", "reach", 7)
    assert load_collect_settings(str(path)).episodes == 3
    whole = Configuration.load("panda", str(path))
    assert (whole.name, whole.task_name, whole.task) == ("panda_mine", "mine", str(path))
    assert whole.collect.episodes == 3 and load_task(whole.task, whole.spec).episode_steps == 7
    with pytest.raises(ConfigError, match="none.yaml: no such file; available there: .*mine.yaml"):
        read_task(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("load", "section", "key", "value"),
    [
        (load_planner_settings, "planner", "horizon", 9),
        (load_training_settings, "training", "learning_rate", 0.5),
        (load_model_settings, "model", "latent_size", 40),
    ],
)
def test_a_task_changes_settings_and_the_caller_wins(write, load, section, key, value):
    write({"kind": "reach", section: {key: value}})
    plain, changed = load(), load(task="mine")
    assert getattr(changed, key) == value != getattr(plain, key)
    assert dataclasses.replace(changed, **{key: getattr(plain, key)}) == plain
    assert load({key: None}, "mine") == changed  # None means "not given"
    assert load({key: getattr(plain, key)}, "mine") == plain
    write({"kind": "reach", section: {"typo": 1}})
    with pytest.raises(
        ConfigError, match=rf"{section}.yaml, as task mine changes it: unknown keys \['typo'\]"
    ):
        load(task="mine")


def test_a_task_changes_what_is_collected(write):
    write({"kind": "reach", "collect": {"episodes": 7}})
    assert load_collect_settings("mine").episodes == 7
    assert load_collect_settings("mine", {"episodes": 8, "seed": None}).episodes == 8


def test_a_task_equips_the_robot():
    plain, push = load_robot("panda"), load_robot("panda", "push")
    assert (plain.tool, plain.actions.names, plain.action_size) == (None, ("x", "y", "z"), 3)
    assert (push.actions.names, push.action_size) == (("x", "y"), 2)
    assert push.tool is not None and push.tool.length > 0.0
    assert push.camera.eye != plain.camera.eye
    assert push.camera.width == plain.camera.width  # what the task does not name stays
    assert push.joint_names == plain.joint_names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kind": "reach", "planner": [1]}, "planner: got .*expected a mapping"),
        ({"episode_steps": 4}, "kind: got None, expected the kind of task"),
        ({"kind": 3}, "kind: got 3"),
        ({"kind": "reach", "robots": {"ur5": 3}}, "robots.ur5: got 3, expected a mapping"),
    ],
)
def test_a_file_that_is_no_task(write, content, message):
    path = write(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_task("mine")
    assert str(path) in str(caught.value)


def test_a_task_may_differ_with_a_robot(tmp_path):
    path = tmp_path / "mine.yaml"
    own = {"kind": "reach", "episode_steps": 7, "minimum_travel": 0.1}
    path.write_text(
        yaml.safe_dump({**own, "robots": {"kuka_iiwa": {"episode_steps": 9}, "panda": {"typo": 1}}})
    )
    assert load_task(str(path), load_robot("kuka_iiwa", str(path))).episode_steps == 9
    assert load_task(str(path), load_robot("panda_wrist", str(path))).episode_steps == 7
    with pytest.raises(ConfigError, match=r"mine.yaml: unknown keys \['typo'\]"):
        load_task(str(path), load_robot("panda", str(path)))


def test_merging_goes_into_mappings_and_replaces_all_else():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 3}
    assert merged(base, {"a": {"c": [5]}, "e": {"f": 1}}) == {"a": {"b": 1, "c": [5]}, "d": 3, "e": {"f": 1}}
    assert merged(base, {"a": None}) == {"a": None, "d": 3}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 3}
