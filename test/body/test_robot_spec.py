# SPDX-License-Identifier: Apache-2.0
"""Robot descriptions: the shipped one, and every way in which one can be wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
import yaml
from robots import LIMIT, joint, link, made_up_robot, panda_yaml, urdf

from ami_ros.body.limits import ChannelLimits
from ami_ros.body.robot_spec import load_robot
from ami_ros.body.sensors import with_topics
from ami_ros.errors import AmiError, ConfigError, EmbodimentError

JOINTS = 7


def change(**keys):
    return lambda values: values.update(keys)


def change_limit(name, value):
    return lambda values: values["arm"]["limits"].update({name: value})


def put(values, keys, value):
    """Set values[a][b] for keys "a.b"."""
    *parents, last = keys.split(".")
    for key in parents:
        values = values[key]
    values[last] = value


def refused(tmp_path, how, error=ConfigError) -> str:
    path = panda_yaml(tmp_path, how)
    with pytest.raises(error) as caught:
        load_robot(path)
    assert str(path) in str(caught.value)
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
    assert "missing keys ['home']" in refused(tmp_path, lambda values: values["arm"].pop("home"))
    message = refused(tmp_path, lambda values: values["sensors"]["camera"].update(zoom=2))
    assert "sensors.camera: unknown keys ['zoom']" in message
    assert "unknown keys ['mass']" in refused(tmp_path, lambda values: values["simulation"].update(mass=2))
    message = refused(tmp_path, lambda values: values["sensors"]["joints"].update(freeze=2.0))
    assert "unknown keys ['freeze']; valid keys are ['envelope', 'freeze_s', 'kind', 'max_age_s'," in message
    message = refused(tmp_path, change(task={}))
    assert "unknown keys ['task']" in message and "'like'" in message and "'tasks'" in message
    assert "missing keys ['topic']" in refused(tmp_path, lambda values: values["output"].pop("topic"))


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        ("arm.home", [0.0] * (JOINTS - 1), "expected 7 finite numbers"),
        ("arm.home", [math.nan] + [0.0] * (JOINTS - 1), "expected a finite number"),
        ("arm.home", None, "expected a list"),
        ("arm.joints", "camera", r"expected a sensor with message JointState: one of \['joints'\]"),
        ("arm.joints", "nose", "got 'nose', expected a sensor"),
        ("arm.workspace", [0, 1], "expected dict"),
        ("arm.workspace", {"lower": [0, 0, 0]}, "workspace"),
        ("arm.workspace", {"lower": [0, 0, 0], "upper": [1, 1]}, "expected 3 finite numbers"),
        ("arm.workspace", {"lower": [0, 0, 0], "upper": [1, 1, math.inf]}, "expected 3 finite numbers"),
        ("arm.workspace", {"lower": [0, 0, 1], "upper": [1, 1, 1]}, "lower .* is not below upper"),
        ("arm.workspace", {"lower": [0, 0, 0], "upper": [1, 1, 1], "up": 1}, "expected lower: .* and upper:"),
        ("arm.orientation", "loose", r"expected one of \['kept', 'free'\]"),
        ("arm.tip_offset", [0.1, 0.2], r"tip_offset: got .*, expected \[x, y, z\]"),
        ("arm.tip_offset", [0.1, 0.2, math.nan], "tip_offset"),
        ("arm.limits", None, "expected dict"),
        ("arm", {}, "actions.meaning: got cartesian_velocity, expected an arm"),
        ("actions.meaning", "telepathy", "expected one of .*cartesian_velocity"),
        ("actions.meaning", "twist", "actions.meaning: got twist, expected no arm"),
        ("actions.rate_hz", 0.0, "expected > 0.0"),
        ("actions.rate_hz", 1e-300, "rate_hz: got 1e-300, expected >= 1e-09"),
        ("actions.channels.x.range", 1e-300, "range: got 1e-300, expected"),
        ("sensors.camera.rate_hz", 5e-324, "rate_hz: got 5e-324, expected >= 1e-09"),
        (
            "arm.workspace",
            {"lower": [0, 0, -1e300], "upper": [1, 1, 1]},
            "expected 3 finite numbers, at most",
        ),
        ("arm.urdf", "a" * 5000, "not a valid file name"),
        ("actions.rate_hz", "10", "expected float"),
        ("actions.block", 0, "expected >= 1"),
        ("actions.block", 1.5, "expected int"),
        ("actions.channels", {}, "expected at least one channel"),
        ("actions.channels.x", None, None),
        ("actions.channels.w", {"unit": "m/s", "range": 1.0}, r"expected some of \['x', 'y', 'z'\]"),
        ("actions.channels.x", {"unit": "m/s"}, r"expected \['range', 'unit'\]"),
        ("actions.channels.x.range", -0.1, "channels.x: range: got -0.1, expected"),
        ("actions.channels.x.range", [0.4, 0.4], "expected .*smallest, largest"),
        ("actions.channels.x.range", math.nan, "range: got nan"),
        ("actions.channels.x.unit", 3, "unit: got 3, expected a text"),
        (
            "actions.channels.x.unit",
            "mm/s",
            "channels.x: unit: got 'mm/s', expected m/s for cartesian_velocity",
        ),
        ("actions.channels.x.velocity", 1.0, "which cartesian_velocity does not command.*arm.limits"),
        ("output.interface", "telegraph", "expected one of .*'trajectory'"),
        ("output.interface", "twist", "twist, which cannot carry cartesian_velocity; .*'trajectory'"),
        ("output.topic", "", "expected the topic's name"),
        ("sensors", {}, "sensors by name"),
        ("sensors", ["camera"], "expected dict"),
        ("sensors.camera", 3, "sensors.camera: got 3, expected a mapping"),
        ("sensors.camera.kind", "nose", r"kind: got 'nose', expected one of \['image', 'vector'\]"),
        ("sensors.camera.topic", "", "sensors.camera: topic: got nothing"),
        ("sensors.camera.topic", "joint_states", "camera and joints have the same topic 'joint_states'"),
        ("sensors.camera.width", 8, "expected >= 16"),
        ("sensors.camera.height", "128", "expected int"),
        ("sensors.camera.vertical_fov_deg", 180.0, "expected < 179.0"),
        ("sensors.camera.rate_hz", math.nan, "expected a finite number"),
        ("sensors.camera.max_age_s", 0.0, "expected > 0.0"),
        (
            "sensors.joints.used_by",
            ["model"],
            r"used_by \['model'\], expected .*used_by the gate: one of \[\]",
        ),
        ("sensors.joints.used_by", [], r"arm.joints: got joints, which is used_by \[\]"),
        ("sensors.camera.used_by", ["cook"], "expected some of .*'model', 'gate'"),
        ("sensors.camera.eye", [1.0, 2.0], r"expected \[x, y, z\]"),
        ("sensors.camera.look_at", [0.0] * 4, r"expected \[x, y, z\]"),
        ("sensors.camera.look_at", [1.35, 0.75, 0.85], "expected two points"),
        ("sensors.joints.message", "Smell", "message: got 'Smell', expected one of .*'WrenchStamped'"),
        ("sensors.joints.message", "WrenchStamped", "expected those of WrenchStamped: .*'fx'"),
        ("sensors.joints.values", {}, "expected name: unit for each value"),
        ("sensors.joints.values", {"a": 1}, "expected name: unit for each value"),
        (
            "sensors.joints.values.panda_joint1",
            "deg",
            "values.panda_joint1: got 'deg', expected rad, the units",
        ),
        ("sensors.joints.values.panda_joint2", "m", "values.panda_joint2: got 'm', expected rad, the units"),
        ("sensors.joints.freeze_s", 0.0, "expected seconds or null"),
        ("simulation.hold_position", [0.02], "expected one position for each joint"),
        ("simulation.urdf", None, "expected str"),
    ],
)
def test_wrong_values(tmp_path, keys, value, message):
    path = panda_yaml(tmp_path, lambda values: put(values, keys, value))
    if message is None:
        assert load_robot(path).actions.names == ("y", "z")
        return
    with pytest.raises(ConfigError, match=message):
        load_robot(path)


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        (
            "simulation.scenery.table.half_size",
            [0.5, 0.5],
            "simulation: scenery.table: half_size: got (0.5, 0.5)",
        ),
        ("simulation.hold_position", [0.02], "simulation: got 2 hold_joints and 1 hold_position"),
        ("sensors.camera.eye", [1.0, 2.0], "sensors.camera: eye: got (1.0, 2.0), expected [x, y, z]"),
        ("sensors.camera.look_at", [1.35, 0.75, 0.85], "sensors.camera: eye and look_at are both"),
        ("sensors.joints.used_by", ["cook"], "sensors.joints: used_by: got ['cook']"),
        (
            "simulation.speed",
            2.0,
            "simulation: unknown keys ['speed']; valid keys are ['fingers', 'folder', 'hold_joints'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_file_and_section(tmp_path, keys, value, told):
    assert f"panda.yaml: {told}" in refused(tmp_path, lambda values: put(values, keys, value))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "my_arm.yml",
            "got my_arm.yml, expected a name in config/robots, or a path that ends in .yaml: rename it",
        ),
        ("arms/my_arm.urdf", "ends in .yaml: ami-ros new-robot writes one from a URDF"),
        ("my_arm.xacro", "ami-ros new-robot"),
    ],
)
def test_what_is_no_yaml_says_how_it_becomes_one(tmp_path, name, told):
    for given in (name, tmp_path / name):
        with pytest.raises(EmbodimentError) as caught:
            load_robot(given)
        assert told.replace("my_arm.yml", str(given)) in str(caught.value)


def test_an_arm_names_the_sensors_that_the_gate_may_know_its_joints_by(tmp_path):
    """One that the gate did not hear would let it command home from wherever the arm is."""

    def two(values):
        joints = values["sensors"]["joints"]
        values["sensors"]["encoders"] = {**joints, "topic": "encoders"}
        joints["used_by"] = ["model"]

    assert "used_by the gate: one of ['encoders']" in refused(tmp_path, two, EmbodimentError)
    path = panda_yaml(tmp_path, lambda values: (two(values), values["arm"].update(joints="encoders")))
    assert load_robot(path).joint_sensor == "encoders"


@pytest.mark.parametrize(
    ("meaning", "unit", "expected"),
    [("joint_velocity", "deg/s", "rad/s or m/s"), ("joint_position", "rad/s", "rad or m")],
)
def test_joints_move_in_the_units_of_joint_states(tmp_path, meaning, unit, expected):
    """Degrees would be taken as radians, fifty-seven times as much."""

    def by_joint(values, unit):
        values["actions"].update(meaning=meaning, channels={"panda_joint2": {"unit": unit, "range": 0.5}})

    message = refused(tmp_path, lambda values: by_joint(values, unit), EmbodimentError)
    assert f"channels.panda_joint2: unit: got {unit!r}, expected {expected} for {meaning}" in message
    path = panda_yaml(tmp_path, lambda values: by_joint(values, expected.split()[0]))
    assert load_robot(path).actions.channels[0].unit == expected.split()[0]


def test_the_unit_of_a_joint_is_what_its_urdf_makes_of_it(tmp_path):
    turns = joint("j1", "base", "a", inside=LIMIT)
    path = urdf(tmp_path, link("base"), link("a"), link("b"), turns, joint("j2", "a", "b", "prismatic"))

    def arm_of(**units):
        def of_urdf(values):
            values["sensors"]["joints"]["values"] = units
            values["arm"].update(urdf=str(path), home=[0.0, 0.0], tip_frame="b")
            values["arm"]["limits"] = {"acceleration": None, "jerk": None}
            values["simulation"] = {"kind": "none"}

        return of_urdf

    assert "values.j2: got 'rad', expected m," in refused(tmp_path, arm_of(j1="rad", j2="rad"))
    assert load_robot(panda_yaml(tmp_path, arm_of(j1="rad", j2="m"))).joint_names == ("j1", "j2")
    path.write_text("no URDF")
    assert "values.j2: got 'mm', expected rad or m," in refused(tmp_path, arm_of(j1="m", j2="mm"))


def test_a_limit_that_is_left_out_is_the_urdfs_and_none_is_looser(tmp_path):
    """The URDF and the YAML of the shipped robot agree, since it repeats none."""
    limits = load_robot(panda_yaml(tmp_path, change_limit("velocity", [1.0] * JOINTS))).limits
    assert limits.velocity.tolist() == [1.0] * JOINTS
    assert limits.effort.tolist() == [87.0] * 4 + [12.0] * 3
    message = refused(tmp_path, change_limit("upper", [2.0, 2.5, 2.0, -0.1, 2.0, 3.0, 2.0]), EmbodimentError)
    assert "limits.upper: got [2.5] for index [1], looser than the URDF's [1.7628]" in message
    message = refused(tmp_path, change_limit("lower", [-3.0] * JOINTS), EmbodimentError)
    assert "for index [0, 1, 2, 4, 5, 6], looser than" in message


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
    lower[2] = upper[2] = 0.5
    lower[5], upper[5] = 2.0, 1.0
    path = panda_yaml(tmp_path, lambda v: v["arm"]["limits"].update(lower=lower, upper=upper))
    with pytest.raises(EmbodimentError, match=r"lower is not below upper for index \[2, 5\]"):
        load_robot(path)


def test_an_unknown_limit_names_the_known_ones(tmp_path):
    assert "'snap'" in refused(tmp_path, change_limit("snap", None), EmbodimentError)
    assert "expected exactly" in refused(tmp_path, change_limit(3, None), EmbodimentError)


def test_null_means_not_limited(tmp_path):
    names = ("lower", "upper", "velocity", "acceleration", "jerk", "effort")
    spec = load_robot(panda_yaml(tmp_path, lambda v: v["arm"]["limits"].update(dict.fromkeys(names))))
    assert all(getattr(spec.limits, name) is None for name in names)


@pytest.mark.parametrize(("joint", "value"), [(0, 3.0), (3, 0.0), (5, -0.1)])
def test_home_outside_the_limits(tmp_path, joint, value):
    def move(values):
        values["arm"]["home"][joint] = value

    assert "outside the position limits" in refused(tmp_path, move, EmbodimentError)
    panda_yaml(tmp_path, lambda v: (move(v), v["arm"]["limits"].update(lower=None, upper=None)))
    assert load_robot(tmp_path / "panda.yaml").home[joint] == value


def test_home_exactly_at_a_limit_is_inside(tmp_path):
    upper = load_robot("panda").limits.upper[0]

    def move(values):
        values["arm"]["home"][0] = float(upper)

    assert load_robot(panda_yaml(tmp_path, move)).home[0] == upper


def test_sensors_may_be_elsewhere_than_the_yaml_says():
    sensors = load_robot("panda").sensors
    assert with_topics(sensors, "") == sensors
    moved = with_topics(sensors, "joints:=/arm/states  camera:=front/image")
    assert {name: sensor.topic for name, sensor in moved.items()} == {
        "camera": "front/image",
        "joints": "/arm/states",
    }
    for text, message in (
        ("nose:=/nose", r"got \['nose'\], expected name:=topic for some of camera, joints"),
        ("camera=/front", "expected name:=topic"),
        ("camera", r"got \['camera'\], expected name:=topic"),
        ("camera:=joint_states", "same topic 'joint_states'"),
    ):
        with pytest.raises(EmbodimentError, match=message):
            with_topics(sensors, text)


def test_arrays_cannot_be_changed_by_accident():
    spec = load_robot("panda")
    for array in (spec.home, spec.workspace, spec.limits.velocity):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_a_robot_of_another_size_is_only_data():
    spec = made_up_robot(effort=None)
    assert len(spec.joint_names) == len(spec.limits.velocity) == 4
    assert isinstance(spec.limits, ChannelLimits)
    assert issubclass(EmbodimentError, AmiError)


def test_a_robot_may_be_like_another_but_for_what_it_says_itself():
    panda, wrist = load_robot("panda"), load_robot("panda_wrist")
    assert list(wrist.sensors) == ["camera", "joints", "wrist"]
    assert not wrist.camera.required and wrist.sensors["wrist"].link == "panda_hand"
    assert panda.camera.required and panda.camera.eye == wrist.camera.eye
    assert wrist.urdf == panda.urdf and wrist.name == "panda_wrist"
    assert set(wrist.simulation.scenery) > set(panda.simulation.scenery)


def test_files_that_the_other_robot_names_are_found_from_elsewhere(tmp_path):
    (tmp_path / "slow.yaml").write_text("like: panda\nactions: {rate_hz: 5.0}\n")
    slow = load_robot(tmp_path / "slow.yaml")
    assert slow.urdf == load_robot("panda").urdf and slow.actions.rate_hz == 5.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("like: 3\n", "like: got 3, expected a robot's name or a path"),
        ("like: pandora\n", "no such file"),
        ("like: me.yaml\n", "which is derived from this robot"),
        ("like: other.yaml\n", "which is derived from this robot"),
    ],
)
def test_a_robot_like_none(tmp_path, text, message):
    (tmp_path / "me.yaml").write_text(text)
    (tmp_path / "other.yaml").write_text("like: me.yaml\n")
    with pytest.raises((ConfigError, EmbodimentError), match=message):
        load_robot(tmp_path / "me.yaml")


@pytest.mark.parametrize("like", ["a" * 5000, "\0.yaml"])
def test_a_name_of_another_robot_that_can_be_none(tmp_path, like):
    (tmp_path / "me.yaml").write_text(yaml.safe_dump({"like": like}))
    with pytest.raises((ConfigError, EmbodimentError), match=r"like: got|cannot be read|no such file"):
        load_robot(tmp_path / "me.yaml")


def test_many_robots_that_are_like_the_next_one(tmp_path):
    for i in range(30):
        (tmp_path / f"r{i}.yaml").write_text(f"like: r{i + 1}.yaml\n")
    (tmp_path / "r30.yaml").write_text("like: panda\n")
    assert load_robot(tmp_path / "r21.yaml").joint_names == load_robot("panda").joint_names
    with pytest.raises(
        EmbodimentError, match=r"like: got r\d+.yaml, after 10 others; expected a shorter chain"
    ):
        load_robot(tmp_path / "r0.yaml")


def test_what_a_task_changes_in_a_robots_own_file_wins():
    reach, push = load_robot("panda", "reach"), load_robot("panda", "push")
    assert reach.workspace[0, 2] == 0.08 and push.workspace[0, 2] == 0.149
    assert push.tool is not None and push.camera.vertical_fov_deg == 31.0


@pytest.mark.parametrize("tasks", [3, ["push"], {"push": 3}])
def test_tasks_that_are_no_changes_are_refused(tmp_path, tasks):
    path = tmp_path / "me.yaml"
    path.write_text(yaml.safe_dump({"like": "panda", "tasks": tasks}))
    with pytest.raises(EmbodimentError, match="tasks: got .*expected changes to this file by task"):
        load_robot(path, "push")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("up", [0.0, 0.0], r"up: got .*expected \[x, y, z\]"),
        ("up", [0.0, 0.0, 0.0], "expected a direction other"),
        ("up", [-0.99, -0.75, -0.47], "expected a direction other"),  # the way it looks
        ("required", "no", "required: got 'no'"),
        ("link", 3, "link: got 3"),
    ],
)
def test_a_camera_that_makes_no_sense(tmp_path, key, value, message):
    path = tmp_path / "me.yaml"
    path.write_text(yaml.safe_dump({"like": "panda", "sensors": {"camera": {key: value}}}))
    with pytest.raises((ConfigError, EmbodimentError), match=message):
        load_robot(path)
