# SPDX-License-Identifier: Apache-2.0
"""Robot descriptions: the shipped one, and every way in which one can be wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from robots import made_up_robot, panda_yaml

from ami_ros.body.robot_spec import JointLimits, load_robot
from ami_ros.errors import AmiError, ConfigError, EmbodimentError

JOINTS = 7


def change(**keys):
    return lambda values: values.update(keys)


def change_limit(name, value):
    return lambda values: values["limits"].update({name: value})


def refused(tmp_path, how, error=ConfigError) -> str:
    path = panda_yaml(tmp_path, how)
    with pytest.raises(error) as caught:
        load_robot(path)
    assert (
        str(path) in str(caught.value) or "camera" in str(caught.value) or "simulation" in str(caught.value)
    )
    return str(caught.value)


def test_the_panda_loads_by_name_and_by_path(tmp_path):
    spec, copy = load_robot("panda"), load_robot(panda_yaml(tmp_path))
    assert spec.name == copy.name == "panda"
    assert spec.joint_names == tuple(f"panda_joint{i}" for i in range(1, JOINTS + 1))
    for name in ("lower", "upper", "velocity", "acceleration", "jerk", "effort"):
        array = getattr(spec.limits, name)
        assert array.shape == (JOINTS,)
        np.testing.assert_array_equal(array, getattr(copy.limits, name))
    assert (spec.limits.lower < spec.home).all()
    assert (spec.home < spec.limits.upper).all()
    assert spec.urdf.is_file()
    assert spec.step_ns == 100_000_000
    assert spec.action_size == 3
    assert spec.source


def test_the_datasheet_numbers_of_the_panda():
    """Franka Control Interface documentation: what PyBullet environments often get wrong by a factor of ten."""
    limits = load_robot("panda").limits
    assert limits.effort.tolist() == [87.0] * 4 + [12.0] * 3
    assert limits.velocity.tolist() == [2.175] * 4 + [2.61] * 3
    assert (limits.lower[3], limits.upper[3]) == (-3.0718, -0.0698)


def test_an_unknown_robot_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"no such file; available there: .*'panda.yaml'"):
        load_robot("pandora")


def test_unknown_and_missing_keys(tmp_path):
    assert "unknown keys ['speed']" in refused(tmp_path, change(speed=1))
    assert "missing keys ['home']" in refused(tmp_path, lambda values: values.pop("home"))
    message = refused(tmp_path, lambda values: values["camera"].update(zoom=2))
    assert "camera: unknown keys ['zoom']" in message
    assert "unknown keys ['mass']" in refused(tmp_path, lambda values: values["simulation"].update(mass=2))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("joint_names", "panda_joint1", "joint_names.*expected a list of str"),
        ("joint_names", [1] * JOINTS, "expected str"),
        ("joint_names", [], "expected distinct names"),
        ("joint_names", ["panda_joint1"] * JOINTS, "expected distinct names"),
        ("home", [0.0] * (JOINTS - 1), "expected 7 finite numbers"),
        ("home", [math.nan] + [0.0] * (JOINTS - 1), "expected a finite number"),
        ("home", None, "expected a list"),
        ("control_mode", "telepathy", "expected one of .*cartesian_velocity"),
        ("control_hz", 0.0, "expected > 0.0"),
        ("control_hz", "10", "expected float"),
        ("action_block", 0, "expected >= 1"),
        ("action_block", 1.5, "expected int"),
        ("max_tip_speed", -0.1, "expected > 0.0"),
        ("workspace", [0, 1], "expected dict"),
        ("workspace", {"lower": [0, 0, 0]}, "workspace"),
        ("workspace", {"lower": [0, 0, 0], "upper": [1, 1]}, "expected 3 finite numbers"),
        ("workspace", {"lower": [0, 0, 0], "upper": [1, 1, math.inf]}, "expected 3 finite numbers"),
        ("workspace", {"lower": [0, 0, 1], "upper": [1, 1, 1]}, "lower .* is not below upper"),
        ("workspace", {"lower": [0, 0, 0], "upper": [1, 1, 1], "up": 1}, "expected lower: .* and upper:"),
        ("limits", None, "expected dict"),
    ],
)
def test_wrong_values_at_the_top(tmp_path, key, value, message):
    path = panda_yaml(tmp_path, change(**{key: value}))
    with pytest.raises(ConfigError, match=message):
        load_robot(path)


@pytest.mark.parametrize("name", ["lower", "upper", "velocity", "acceleration", "jerk", "effort"])
@pytest.mark.parametrize(
    "value",
    [
        [1.0] * (JOINTS - 1),
        [math.nan] + [1.0] * (JOINTS - 1),
        [math.inf] * JOINTS,
        ["1.0"] * JOINTS,
        [True] * JOINTS,
        [[1.0] * JOINTS],
        "none",
        1.0,
        {},
        [None] * JOINTS,
    ],
    ids=["short", "NaN", "Inf", "texts", "bools", "nested", "text", "number", "mapping", "nulls"],
)
def test_wrong_values_in_limits(tmp_path, name, value):
    message = refused(tmp_path, change_limit(name, value), EmbodimentError)
    assert f"limits.{name}" in message
    assert "or null" in message


@pytest.mark.parametrize("name", ["velocity", "acceleration", "jerk", "effort"])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_zero_is_no_limit_and_not_accepted_as_one(tmp_path, name, value):
    message = refused(tmp_path, change_limit(name, [1.0] * (JOINTS - 1) + [value]), EmbodimentError)
    assert "expected positive numbers" in message


def test_inverted_and_equal_limits_name_the_joint(tmp_path):
    lower = load_robot("panda").limits.lower.tolist()
    upper = load_robot("panda").limits.upper.tolist()
    lower[2], upper[2] = upper[2], lower[2]
    lower[5] = upper[5]
    path = panda_yaml(tmp_path, lambda v: v["limits"].update(lower=lower, upper=upper))
    with pytest.raises(EmbodimentError, match=r"lower is not below upper for joint index \[2, 5\]"):
        load_robot(path)


def test_limits_must_all_be_there_by_name(tmp_path):
    assert "expected exactly" in refused(tmp_path, lambda v: v["limits"].pop("jerk"), EmbodimentError)
    assert "'snap'" in refused(tmp_path, change_limit("snap", None), EmbodimentError)
    assert "expected exactly" in refused(tmp_path, change_limit(3, None), EmbodimentError)


def test_null_means_not_limited(tmp_path):
    names = ("lower", "upper", "velocity", "acceleration", "jerk", "effort")
    spec = load_robot(panda_yaml(tmp_path, lambda v: v["limits"].update(dict.fromkeys(names))))
    assert all(getattr(spec.limits, name) is None for name in names)


@pytest.mark.parametrize(("joint", "value"), [(0, 3.0), (3, 0.0), (5, -0.1)])
def test_home_outside_the_limits(tmp_path, joint, value):
    def move(values):
        values["home"][joint] = value

    assert "outside the position limits" in refused(tmp_path, move, EmbodimentError)
    panda_yaml(tmp_path, lambda v: (move(v), v["limits"].update(lower=None, upper=None)))
    assert load_robot(tmp_path / "panda.yaml").home[joint] == value


def test_home_exactly_at_a_limit_is_inside(tmp_path):
    upper = load_robot("panda").limits.upper[0]

    def move(values):
        values["home"][0] = float(upper)

    assert load_robot(panda_yaml(tmp_path, move)).home[0] == upper


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        ("camera", "width", 8, "expected >= 16"),
        ("camera", "height", "128", "expected int"),
        ("camera", "vertical_fov_deg", 180.0, "expected < 179.0"),
        ("camera", "rate_hz", math.nan, "expected a finite number"),
        ("camera", "eye", [1.0, 2.0], r"expected \[x, y, z\]"),
        ("camera", "look_at", [0.0] * 4, r"expected \[x, y, z\]"),
        ("camera", "look_at", [1.35, 0.75, 0.85], "expected two points"),
        ("simulation", "hold_position", [0.02], "expected one position for each joint"),
        ("simulation", "urdf", None, "expected str"),
    ],
)
def test_wrong_values_in_camera_and_simulation(tmp_path, part, key, value, message):
    path = panda_yaml(tmp_path, lambda v: v[part].update({key: value}))
    with pytest.raises(ConfigError, match=message) as caught:
        load_robot(path)
    assert part in str(caught.value)


def test_arrays_cannot_be_changed_by_accident():
    spec = load_robot("panda")
    for array in (spec.home, spec.workspace, spec.limits.velocity):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_a_robot_of_another_size_is_only_data():
    spec = made_up_robot(effort=None)
    assert len(spec.joint_names) == len(spec.limits.velocity) == 4
    assert isinstance(spec.limits, JointLimits)
    assert issubclass(EmbodimentError, AmiError)
