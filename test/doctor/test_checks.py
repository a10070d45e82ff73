# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds, and that each failure comes with advice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from robots import joint, link, panda_yaml, urdf

from ami_ros.body.survey.robot_yaml import robot_yaml
from ami_ros.body.survey.survey import survey
from ami_ros.cli.doctor import doctor
from ami_ros.doctor import checks, installation, machine
from ami_ros.doctor import robot as files
from ami_ros.doctor.finding import Finding
from ami_ros.errors import ConfigError
from ami_ros.evaluation.experiment import prepare
from ami_ros.settings.share import config_path
from ami_ros.system import extras


def test_python_in_range_is_ok():
    assert installation.python().level == "ok"


def test_missing_packages_fail_with_advice(monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "ros", ("no_such_module",))
    for finding in (installation.rclpy(), installation.round_trip()):
        assert finding.level == "fail"
        assert finding.advice
    assert "no_such_module" in installation.rclpy().found


def test_a_profile_of_ones_own_is_kept_and_must_exist(monkeypatch, tmp_path):
    mine = tmp_path / "mine.xml"
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", str(mine))
    assert machine.dds_profile().level == "fail"
    assert "unset" in machine.dds_profile().advice
    mine.write_text("<dds/>")
    assert machine.dds_profile() == Finding("DDS profile", "ok", f"yours: {mine}")


def test_our_profile_is_there(monkeypatch):
    for name in ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert machine.dds_profile().level == "ok"


def test_limits_that_do_not_exist_are_told(tmp_path):
    assert files.limits("panda", "reach").level == "ok"
    free = panda_yaml(tmp_path, lambda values: values["arm"]["limits"].update(jerk=None))
    finding = files.limits(str(free), "reach")
    assert finding.level == "warn" and "without limit of jerk" in finding.found
    assert files.limits("r2d2", "reach").level == "fail"
    blind = tmp_path / "blind.urdf"
    text = config_path("robots", "panda.urdf").read_text()
    blind.write_text(text.replace('<cylinder radius="0.055" length="0.14"/>', '<mesh filename="gone.stl"/>'))
    finding = files.limits(str(panda_yaml(tmp_path, lambda v: v["arm"].update(urdf=str(blind)))), "reach")
    assert (
        finding.level == "fail" and "collision of link panda_link5: gone.stl: no such file" in finding.found
    )


def test_a_missing_model_fails(tmp_path):
    finding = files.shipped("panda", "reach", tmp_path / "model.pt", prepare)
    assert finding.level == "fail"
    assert "ami-ros model --robot panda --task reach" in finding.advice


def test_a_model_that_was_never_made_is_no_failure(tmp_path):
    finding = files.shipped(str(panda_yaml(tmp_path).rename(tmp_path / "new.yaml")), "reach", None, prepare)
    assert finding.level == "warn"
    assert finding.advice == f"to plan, train one: ami-ros model --robot {tmp_path / 'new.yaml'} --task reach"


@pytest.mark.parametrize("seconds", [math.nan, 0.5, 601.0, 5.0])
def test_a_time_to_listen_for_has_bounds_and_a_purpose(seconds):
    with pytest.raises(ConfigError, match="--seconds: got"):
        doctor(live=seconds != 5.0, seconds=seconds)


def test_changes_for_a_task_that_is_not_there_are_told(tmp_path):
    def of(*tasks):
        return str(panda_yaml(tmp_path, lambda values: values["tasks"].update({name: {} for name in tasks})))

    assert files.limits(of("reech"), "reach").level == "warn"
    finding = files.limits(of("reech"), "reach")
    assert (
        "tasks: reech: not in config/tasks" in finding.found
        and "available tasks: barrier, drive," in finding.advice
    )
    assert files.limits(of("reach", "push"), "reach").level == "ok"
    mine = tmp_path / "fold.yaml"
    mine.write_text(config_path("tasks", "reach.yaml").read_text())
    assert files.limits(of("fold"), str(mine)).level == "ok"


def misspelt(tmp_path) -> str:
    return str(panda_yaml(tmp_path, lambda values: values.update(safety={"start_eror": 0.2})))


def test_a_setting_of_the_gate_that_does_not_exist_is_told(tmp_path):
    robot = misspelt(tmp_path)
    finding = files.limits(robot, "reach")
    assert finding.level == "fail"
    assert (
        "unknown keys ['start_eror']" in finding.found
        and f"safety in the YAML of robot {robot}" in finding.found
    )


@pytest.mark.parametrize("robot", ["r2d2", "panda", misspelt])
def test_no_check_raises(robot, tmp_path):
    robot = robot if isinstance(robot, str) else robot(tmp_path)
    findings = [
        check()
        for check in checks.all_checks(robot, "reach", tmp_path / "none.pt", prepare)
        if check is not installation.round_trip
    ]
    assert all(finding.advice for finding in findings if finding.level != "ok")


def test_a_workspace_that_the_arm_does_not_reach_is_told(tmp_path):
    assert files.workspace("panda", "reach").level == "ok"
    far = panda_yaml(tmp_path, lambda v: v["arm"]["workspace"].update(upper=[0.95, 0.3, 0.5]))
    finding = files.workspace(str(far), "reach")
    assert finding.level == "warn" and "of 64 places in it are out of reach, the first [0." in finding.found
    nowhere = panda_yaml(
        tmp_path, lambda v: v["arm"]["workspace"].update(lower=[2.0, 2.0, 2.0], upper=[3.0, 3.0, 3.0])
    )
    assert files.workspace(str(nowhere), "reach").level == "fail"
    assert files.workspace("r2d2", "reach").level == "fail"


def test_an_arm_of_two_joints_is_not_told_to_shrink_its_workspace(tmp_path):
    arm = urdf(tmp_path, *map(link, ("base", "a", "tip")), joint("j1", "base", "a"), joint("j2", "a", "tip"))
    path = tmp_path / "arm.yaml"
    path.write_text(robot_yaml("arm", str(arm), survey(arm, "", np.random.default_rng(0)), tmp_path))
    finding = files.workspace(str(path), "reach")
    assert finding.level == "fail"
    assert finding.advice == "tip needs 3 joints or more to reach goals: name another tip"
