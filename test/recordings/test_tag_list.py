# SPDX-License-Identifier: Apache-2.0
"""A plant's list of tags becomes a robot's YAML, and says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ami_ros_run

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.new_robot import new_robot
from ami_ros.errors import ConfigError, EpisodeError

GOOD = """\
# exported on Monday
tag;unit;low;high;kind;period_s;rate;rest
TI-101;degC;20;90;pv;5;0,5;
PI-7 drum;bar;1;4,5;;5;;
FIC-3.SP;m3/h;0;12;;30;0,1;2
HV-1;%;0;100;mv;30;;0
"""


def write(folder: Path, text: str) -> str:
    path = folder / "tags.csv"
    path.write_text(text)
    return str(path)


def test_a_plant_of_its_tags(tmp_path):
    out = tmp_path / "boiler.yaml"
    run = ami_ros_run("new-robot", write(tmp_path, GOOD), "--name", "boiler", "--out", str(out))
    assert run.returncode == 0, run.stderr
    assert "2 sensors, 2 set points" in run.stdout
    assert f"ami-ros import TABLE --robot {out} --task recorded" in run.stdout
    spec = load_robot(out, "recorded")
    assert tuple(spec.sensors) == ("ti_101", "pi_7_drum")
    (band,) = spec.sensors["ti_101"].envelope
    assert (band.low, band.high, band.rate) == (20.0, 90.0, 0.5)
    assert spec.actions.names == ("fic_3_sp", "hv_1")
    assert spec.step_ns == pytest.approx(30e9)
    assert spec.standstill.tolist() == [2.0, 0.0]
    assert spec.limits.velocity.tolist() == pytest.approx([0.1, 100.0 / 300.0])
    assert "CHECK: measured?" in out.read_text() and "CHECK whether it is a set point" in out.read_text()


def test_without_a_rest_for_each_set_point_a_hold_keeps_them(tmp_path):
    out = tmp_path / "boiler.yaml"
    new_robot(write(tmp_path, GOOD.replace(";2\n", ";\n")), out=out)
    assert load_robot(out, "recorded").standstill is None
    assert "CHECK: a hold or a stop keeps the set points" in out.read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (";unit;", ";;", "expected unit too; optional: kind, period_s, rate, rest"),
        ("20;90", "90;20", "row 2: got tag 'TI-101' from 90.0 to 20.0, expected a name, low below high"),
        ("20;90", "20;hot", "row 2: high: got 'hot', expected a number"),
        (";pv;", ";pump;", "row 2: kind: got 'pump', expected one of"),
        ("0,5", "-1", "row 2: rate: got -1, expected a positive number"),
        (";2\n", ";99\n", "row 4: rest: got 99, expected 0 to 12"),
        ("HV-1", "ti 101", r"got \['TI-101', 'ti 101'\] twice"),
        ("mv;30", "pv;30", None),
        ("FIC-3.SP", "FIC-3", None),
        ("HV-1;%", "HV-1;%;7", "row 5: got 9 cells, expected 8"),
    ],
)
def test_a_list_that_is_wrong(tmp_path, old, new, message):
    out = tmp_path / "boiler.yaml"
    source = write(tmp_path, GOOD.replace(old, new))
    if message is None:
        new_robot(source, out=out)
        return
    with pytest.raises(ConfigError, match=message):
        new_robot(source, out=out)
    assert not out.exists()


def test_nothing_to_set_and_no_list_at_all(tmp_path):
    only = "\n".join(GOOD.splitlines()[:3])
    with pytest.raises(ConfigError, match="got no tag that is set, expected one: kind says so, as in sp"):
        new_robot(write(tmp_path, only), out=tmp_path / "a.yaml")
    with pytest.raises(EpisodeError, match="expected a heading"):
        new_robot(write(tmp_path, ""), out=tmp_path / "a.yaml")
    with pytest.raises(ConfigError, match="expected none for a list of tags"):
        new_robot(write(tmp_path, GOOD), tip="hand", out=tmp_path / "a.yaml")
