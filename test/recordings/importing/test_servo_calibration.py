# SPDX-License-Identifier: Apache-2.0
"""Percentages and ticks of servos become angles, by lerobot's calibration file."""

from __future__ import annotations

import json
import math

import pytest

from ami_ros.errors import ConfigError
from ami_ros.recordings.importing.servo_calibration import read_calibration

TURN = 2.0 * math.pi / 4095  # rad per tick
PAN = {"id": 1, "drive_mode": 0, "homing_offset": -7, "range_min": 1000, "range_max": 3000}
FILE = {"pan": PAN, "lift": {**PAN, "drive_mode": 1}, "gripper": {**PAN, "range_min": 2000}}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "arm.json"
    path.write_text(json.dumps(FILE))
    return path


def angle(calibration, column: str, value: float) -> float:
    factor, offset = calibration.to_rad(column)
    return factor * value + offset


@pytest.mark.parametrize(
    ("column", "percent", "ticks_from_middle"),
    [
        ("pan.pos", 0.0, 0),
        ("pan.pos", 100.0, 1000),
        ("pan", -50.0, -500),
        ("lift.pos", 100.0, -1000),  # it runs the other way
        ("gripper.pos", 0.0, -500),
        ("gripper.pos", 100.0, 500),
    ],
)
def test_percentages(path, column, percent, ticks_from_middle):
    found = angle(read_calibration(path, ticks=False), column, percent)
    assert found == pytest.approx(ticks_from_middle * TURN)


def test_ticks(path):
    found = read_calibration(path, ticks=True)
    assert angle(found, "pan.pos", 2000) == pytest.approx(0.0)
    assert angle(found, "lift.pos", 3000) == pytest.approx(1000 * TURN)


def test_a_motor_that_the_file_lacks(path):
    with pytest.raises(ConfigError, match=r"got motors \['pan', 'lift', 'gripper'\], expected also wrist"):
        read_calibration(path, ticks=False).to_rad("wrist.pos")


@pytest.mark.parametrize(
    "text",
    [
        "words",
        "[]",
        "{}",
        '{"pan": 3}',
        json.dumps({"pan": {**PAN, "range_min": 3000}}),
        json.dumps({"pan": {**PAN, "range_max": 2**40}}),
        json.dumps({"pan": {**PAN, "drive_mode": 2}}),
        json.dumps({"motor_names": ["pan"], "homing_offset": [3], "calib_mode": ["DEGREE"]}),
        "[" * 10_000,
        None,
    ],
)
def test_what_is_no_calibration_is_refused_in_a_line(tmp_path, text):
    path = tmp_path / "other.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match="--calibration: .*expected motor: {id, drive_mode,") as caught:
        read_calibration(path, ticks=False)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000
