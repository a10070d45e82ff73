# SPDX-License-Identifier: Apache-2.0
"""One object for robot, task and settings: what it names, what the task changes, and who wins."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import pytest
from part_settings import load_collect_settings, load_model_settings, load_training_settings
from robots import panda_yaml

from ami_ros.body.robot_spec import load_robot
from ami_ros.configuration import FILES, Configuration
from ami_ros.errors import ConfigError, ModelFileError
from ami_ros.planning.settings import load_planner_settings
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.fields import read_yaml
from ami_ros.settings.share import config_path, shipped_model

PUSH = Configuration.load("panda", "push")


def test_nothing_given_is_what_the_nodes_take():
    usual, file = Configuration.load(), read_yaml(config_path("node.yaml"))
    assert usual.node_parameters == {"robot": file["robot"], "task": file["task"]}
    assert Configuration.load(task="push").robot == file["robot"]
    assert Configuration.load("panda").task == file["task"]


def test_robot_and_task_belong_together():
    assert (PUSH.robot, PUSH.task, PUSH.name) == ("panda", "push", "panda_push")
    assert PUSH.spec.actions.names == load_robot("panda", "push").actions.names == ("x", "y")
    assert PUSH.task_file.kind == "push"
    assert PUSH.shipped_model == shipped_model("panda", "push")
    assert (PUSH.episodes_folder, PUSH.run_folder) == (Path("data/panda_push"), Path("runs/panda_push"))


def test_a_model_is_the_packages_or_else_what_was_made_in_this_folder(tmp_path, monkeypatch):
    """A folder that somebody works in does not take the place of what was installed."""
    monkeypatch.chdir(tmp_path)
    mine = Configuration.load(str(panda_yaml(tmp_path).rename(tmp_path / "my arm.yaml")), "reach")
    with pytest.raises(ModelFileError) as caught:
        mine.model_path()
    assert f"ami-ros model --robot '{tmp_path}/my arm.yaml' --task reach" in str(caught.value)
    for name in (mine.name, PUSH.name):
        Path("models", name).mkdir(parents=True)
        Path("models", name, "model.pt").touch()
    assert mine.model_path() == Path("models", "my arm_reach", "model.pt")
    assert PUSH.model_path() == shipped_model("panda", "push")
    assert PUSH.model_path(Path("models/my arm_reach/model.pt")) == mine.model_path()
    with pytest.raises(ModelFileError, match=r"^none.pt: no such model file; .*--robot panda --task push`"):
        PUSH.model_path(Path("none.pt"))


def test_a_robot_by_its_path_is_named_for_its_file():
    path = str(config_path("robots", "panda.yaml"))
    by_path = Configuration.load(path, "reach")
    assert by_path.name == "panda_reach"
    assert by_path.node_parameters["robot"] == path  # a node has to find it, too


@pytest.mark.parametrize("task", ["push", "reach"])
def test_the_settings_are_the_files_as_the_task_changes_them(task):
    configuration = Configuration.load("panda", task)
    assert configuration.collect == load_collect_settings(task)
    assert configuration.model == load_model_settings(task=task)
    assert configuration.planner == load_planner_settings(task=task)
    assert configuration.training == load_training_settings(task=task)
    assert configuration.safety == load_safety_settings()


def test_a_settings_file_is_read_once():
    assert all(getattr(PUSH, file) is getattr(PUSH, file) for file in FILES)


def test_what_is_given_wins_and_none_means_not_given():
    given = {"planner": {"horizon": 3, "solver": None}, "safety": {"rate_hz": 50.0}}
    changed = Configuration.load("panda", "push", given)
    assert (changed.planner.horizon, changed.planner.solver) == (3, PUSH.planner.solver)
    assert changed.planner.num_samples == PUSH.planner.num_samples
    assert changed.safety.rate_hz == 50.0
    assert changed.training == PUSH.training


def test_a_worker_process_gets_all_of_it():
    changed = Configuration.load("panda", "push", {"collect": {"episodes": 5}})
    received = pickle.loads(pickle.dumps(changed))
    assert (received.name, received.collect) == (changed.name, changed.collect)
    assert received.spec.tool == changed.spec.tool


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"robot": "pandora"}, "no such file; available there"),
        ({"task": "juggle"}, "unknown task 'juggle'"),
        ({"task": ""}, "unknown task ''"),  # an empty name is not "none given"
        ({"robot": ""}, "no such file"),
        (
            {"overrides": {"plan": {}}},
            r"overrides: got \['plan'\], expected some of collect, commission, explorer, memory",
        ),
    ],
)
def test_what_does_not_exist_is_refused_at_once(wrong, message):
    with pytest.raises(ConfigError, match=message):
        Configuration.load(**wrong)


def test_a_change_to_the_gate_that_has_no_name_is_refused(tmp_path):
    (tmp_path / "me.yaml").write_text("like: panda\nsafety: {1: 2}\n")
    with pytest.raises(
        ConfigError, match=r"unknown keys \['1'\].*; see the changes to safety in the YAML of robot"
    ):
        _ = Configuration.load(str(tmp_path / "me.yaml"), "reach").safety


def test_a_setting_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"planner.yaml, as task push changes it: unknown keys \['typo'\]"):
        Configuration.load("panda", "push", {"planner": {"typo": 1}}).planner  # noqa: B018


def test_a_robot_may_change_the_thresholds_of_the_gate(tmp_path):
    usual = Configuration.load("panda", "reach").safety
    robot = panda_yaml(tmp_path, lambda values: values.update(safety={"start_error": 0.125}))
    found = Configuration.load(str(robot), "reach").safety
    assert found == dataclasses.replace(usual, start_error=0.125)
    assert Configuration.load(str(robot), "reach", {"safety": {"start_error": 0.2}}).safety.start_error == 0.2
    wrong = panda_yaml(tmp_path, lambda values: values.update(safety={"speed": 1.0}))
    with pytest.raises(ConfigError, match=r"unknown keys \['speed'\]"):
        Configuration.load(str(wrong), "reach").safety  # noqa: B018


def test_another_command_interface_counts_for_all_that_is_read_of_the_robot():
    spec = Configuration.load("panda", "reach", command_interface="forward_position").spec
    assert (
        spec.output
        == load_robot("panda").with_interface("forward_position").output
        != load_robot("panda").output
    )
