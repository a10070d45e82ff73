# SPDX-License-Identifier: Apache-2.0
"""What stands in for a robot, as its YAML says, and what it cannot stand in for."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import mobile_base, process_body, two_cameras_and_force, vector_sensor
from robots import panda_yaml

from ami_ros.body.robot_spec import load_robot
from ami_ros.body.simulation import ArmSimulation, NoSimulation, ProcessSimulation
from ami_ros.errors import ConfigError


def test_a_process_is_read_in_the_order_of_values_and_channels(tmp_path):
    spec = load_robot(process_body(tmp_path))
    assert isinstance(spec.simulation, ProcessSimulation)
    assert spec.command_names == ("heater", "valve")
    assert spec.home.tolist() == [20.0, 50.0]
    boiler = spec.simulation.sensors["temperatures"]
    np.testing.assert_array_equal(boiler.gain, [[0.3, -0.1], [0.2, -0.05]])
    np.testing.assert_array_equal(spec.simulation.sensors["flow"].gain, [[0.0, 0.1]])
    assert boiler.time_constant.tolist() == [1.5, 2.5]
    np.testing.assert_allclose(boiler.steady(spec.home), [20.0 + 6.0 - 5.0, 18.0 + 4.0 - 2.5])


def test_a_value_that_is_null_is_always_zero(tmp_path):
    odometry = load_robot(mobile_base(tmp_path)).simulation.sensors["odometry"]
    np.testing.assert_array_equal(odometry.steady(np.array([0.5, -0.25])), [0.5, 0, 0, 0, 0, -0.25])
    assert odometry.noise_std.tolist() == [0.005, 0, 0, 0, 0, 0.005]


def test_a_robot_may_have_no_simulation(tmp_path):
    path = panda_yaml(tmp_path, lambda values: values.update(simulation={"kind": "none"}))
    assert isinstance(load_robot(path).simulation, NoSimulation)
    assert isinstance(load_robot("panda").simulation, ArmSimulation)


def put(keys: str, value):
    def change(values):
        *path, last = keys.split(".")
        for key in path:
            values = values[key]
        if value is ...:
            del values[last]
        else:
            values[last] = value

    return change


VALUES = "simulation.sensors.temperatures"


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (
            "simulation",
            {},
            r"simulation: kind: got None, expected one of \['bullet', 'mujoco', 'process', 'none'\]",
        ),
        ("simulation.kind", "gazebo", "kind: got 'gazebo'"),
        ("simulation.kind", ["process"], "kind: got"),
        ("simulation.kind", "bullet", "got bullet, expected process or none for setpoint"),
        ("simulation.mass", 3, "unknown keys .'mass'"),
        ("simulation.sensors", 3, "expected dict"),
        ("simulation.sensors.flow", ..., "sensors: got .*, expected .*'flow'"),
        ("simulation.sensors.smell", {}, "sensors: got .*'smell'.*, expected"),
        (f"{VALUES}", 3, "temperatures: got 3, expected .*'boiler', 'outlet'"),
        (f"{VALUES}.boiler", ..., r"temperatures: got .*expected \['boiler', 'outlet'\]"),
        (f"{VALUES}.boiler", 3, "temperatures.boiler: got 3, expected a mapping"),
        (f"{VALUES}.boiler.gain", 3, "expected dict"),
        (f"{VALUES}.boiler.gain", {"fan": 1.0}, r"boiler.gain: got .*, expected .*\['heater', 'valve'\]"),
        (f"{VALUES}.boiler.gain", {"heater": float("nan")}, "boiler.gain: got"),
        (f"{VALUES}.boiler.gain", {"heater": "1"}, "boiler.gain: got"),
        (f"{VALUES}.boiler.time_constant_s", 0.0, "expected > 0.0"),
        (f"{VALUES}.boiler.noise_std", -0.1, "expected >= 0.0"),
        (f"{VALUES}.boiler.offset", float("inf"), "expected a finite number"),
        (f"{VALUES}.boiler.offset", ..., "missing keys .'offset'"),
        (
            "sensors.eye",
            {
                "kind": "image",
                "topic": "eye",
                "frame_id": "eye",
                "width": 64,
                "height": 64,
                "rate_hz": 10.0,
                "max_age_s": 0.5,
                "vertical_fov_deg": 40.0,
                "eye": [1.0, 0.0, 1.0],
                "look_at": [0.0, 0.0, 0.0],
            },
            "sensor eye: got Image, which a simulation of kind process does not know; .*'TwistStamped'",
        ),
        (
            "sensors.wheels",
            vector_sensor("JointState", "wheels", {"left": "rad"}),
            "sensor wheels: got JointState, which a simulation of kind process",
        ),
    ],
)
def test_processes_that_do_not_fit_are_refused(tmp_path, keys, value, message):
    with pytest.raises(ConfigError, match=message):
        load_robot(process_body(tmp_path, put(keys, value)))


def test_a_sensor_that_pybullet_does_not_have_is_refused(tmp_path):
    smell = vector_sensor("Temperature", "motor", {"temperature": "degC"})
    with pytest.raises(ConfigError, match="sensor motor: got Temperature, which a simulation of kind bullet"):
        load_robot(two_cameras_and_force(tmp_path, put("sensors.motor", smell)))

    def real_only(values):
        values["sensors"]["motor"] = smell
        values["simulation"] = {"kind": "none"}

    assert "motor" in load_robot(two_cameras_and_force(tmp_path, real_only)).sensors
