# SPDX-License-Identifier: Apache-2.0
"""`ami-ros new-robot`: from a URDF to a YAML that passes the doctor, and what it refuses."""

from __future__ import annotations

import pytest
from command_line import ami_ros_run
from robots import chain, joint, link, turning_arm, urdf

from ami_ros.cli.new_robot import new_robot
from ami_ros.errors import AmiError, EmbodimentError, KinematicsError, OutputError
from ami_ros.system import extras
from ami_ros.system.domain import own_domain

pytest.importorskip("pybullet_data", reason="needs pybullet")


def test_a_kuka_passes_the_doctor(tmp_path):
    out = tmp_path / "arm.yaml"
    kuka = ("new-robot", "package://pybullet_data/kuka_iiwa/model.urdf", "--out", str(out))
    with own_domain() as domain:
        run = ami_ros_run(*kuka, COLUMNS="200", ROS_DOMAIN_ID=str(domain))
    assert run.returncode == 0, run.stderr
    assert "7: lbr_iiwa_joint_1" in run.stdout
    assert "ok arm: camera, joints; commanded channels: 7" in run.stdout
    assert "ok 64 of 64 places in it are reachable" in run.stdout
    assert "ok goals fit in the workspace" in run.stdout
    assert "check: standing" in run.stdout and "of home for a second of simulation" in run.stdout
    assert "check: live topics" in run.stdout and "warn not checked: " in run.stdout
    assert f"ami-ros doctor --robot {out} --task reach --picture {tmp_path / 'arm.png'}" in run.stdout
    assert f"Next, on the robot: ami-ros doctor --robot {out} --task reach --live" in run.stdout
    assert (
        "# velocity: [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0]. CHECK the data sheet: high"
        in out.read_text()
    )


def test_a_file_that_is_there_stays_unless_forced(tmp_path, monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "ros", ("no_such_module",))
    arm, out = turning_arm(tmp_path), tmp_path / "arm.yaml"
    out.write_text("mine")
    with pytest.raises(OutputError, match="exists already, expected another --out, or --force"):
        new_robot(str(arm), out=out)
    assert out.read_text() == "mine"
    new_robot(str(arm), out=out, force=True)
    assert "joint_trajectory_controller" in out.read_text()


def test_the_file_has_the_robots_name_and_needs_no_ros(tmp_path, monkeypatch, capsys):
    turning_arm(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(extras.EXTRAS, "ros", ("no_such_module",))
    new_robot("small.urdf", name="My Arm-2")
    assert "urdf: small.urdf " in (tmp_path / "my_arm_2.yaml").read_text()
    told = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "check: live topics warn not checked: not installed: no_such_module" in told
    assert "ami-ros doctor --robot my_arm_2.yaml --task reach --live" in told


def loop(folder):
    return urdf(folder, link("base"), link("a"), joint("j1", "base", "a"), joint("j2", "base", "a"))


def truncated(folder):
    path = chain(folder)
    path.write_text(path.read_text()[:-40])
    return path


def meshless(folder):
    return urdf(folder, link("base"), link("a", '<mesh filename="gone.stl"/>'), joint("j1", "base", "a"))


@pytest.mark.parametrize(
    ("broken", "kind", "message"),
    [
        (lambda folder: folder / "none.urdf", EmbodimentError, "none.urdf: no such file"),
        (truncated, KinematicsError, "not a readable URDF"),
        (loop, KinematicsError, "has several parents.*a loop, expected a tree"),
        (meshless, KinematicsError, "collision of link a: gone.stl: no such file"),
    ],
    ids=["missing", "truncated", "looping", "without mesh"],
)
def test_a_broken_urdf_is_refused_before_anything_is_written(tmp_path, broken, kind, message):
    out = tmp_path / "arm.yaml"
    with pytest.raises(kind, match=message):
        new_robot(str(broken(tmp_path)), out=out)
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path):
    with pytest.raises(OutputError, match="expected a file that ends in .yaml"):
        new_robot(str(chain(tmp_path)), out=tmp_path / "arm")
    with pytest.raises(AmiError, match="cannot be written"):
        new_robot(str(chain(tmp_path)), out=tmp_path / "small.urdf" / "arm.yaml")
