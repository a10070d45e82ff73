# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math

import pytest

from ami_ros.devices.servo_calibration import read_servos
from ami_ros.errors import ConfigError

PAN = {"id": 4, "drive_mode": 0, "homing_offset": -7, "range_min": 1000, "range_max": 3000}


def test_a_servo_with_its_address_and_its_angles(tmp_path):
    path = tmp_path / "arm.json"
    path.write_text(json.dumps({"pan": PAN}))
    servo = read_servos(path)["pan"]
    assert (servo.number, servo.homing_offset, servo.middle) == (4, -7, 2000)
    assert servo.angle(3000) == pytest.approx(1000 * 2 * math.pi / 4095)
    assert servo.ticks(servo.angle(2345)) == 2345
    assert (servo.ticks(9.0), servo.ticks(-9.0)) == (3000, 1000), "never beyond its range"


def test_a_file_without_addresses_still_has_angles(tmp_path):
    path = tmp_path / "arm.json"
    path.write_text(json.dumps({"pan": {**PAN, "id": None}}))
    assert read_servos(path)["pan"].number is None


def test_what_is_no_calibration_is_refused(tmp_path):
    path = tmp_path / "arm.json"
    path.write_text('{"pan": 3}')
    with pytest.raises(ConfigError, match=r"arm.json: pan: got 3; expected motor: {id, drive_mode"):
        read_servos(path)
