# SPDX-License-Identifier: Apache-2.0
"""Robots for tests: a made-up one whose numbers all differ, YAML files with one thing changed, small URDFs."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.body.arm import Arm
from ami_ros.body.groups import ArmGroup
from ami_ros.body.limits import ChannelLimits
from ami_ros.body.outputs import Output
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.body.simulation import ArmSimulation
from ami_ros.settings.share import config_path

JOINTS = 4
CAMERA, JOINT_SENSOR = "camera", "joints"
AGE_S = {CAMERA: 0.5, JOINT_SENSOR: 0.25}
LOWER = (-1.5, -0.75, -2.5, 0.1)
UPPER = (1.25, 1.0, 2.75, 2.1)
VELOCITY = (1.5, 2.0, 1.0, 0.5)  # rad/s
ACCELERATION = (8.0, 10.0, 6.0, 4.0)  # rad/s^2
OF_ACTIONS = {"action_block": "block", "control_hz": "rate_hz", "control_mode": "meaning"}
HOME = (0.2, -0.1, 0.3, 1.1)
LIMIT = '<limit lower="-1.5" upper="1.25" velocity="2" effort="50"/>'
NOT_LIMITED = ChannelLimits(None, None, None, None, None, None)


def skip_without_robots_of_others(allow_module_level: bool = False) -> None:
    """Skip a test of robots whose URDFs come with the extra `robots`, where it is not installed."""
    try:
        metadata.distribution("example-robot-data")
    except metadata.PackageNotFoundError:
        pytest.skip("needs the extra 'robots' (131 MB)", allow_module_level=allow_module_level)


def blind(robot: str, task: str) -> RobotSpec:
    """Return a robot with small cameras, for scripts that see the truth."""
    spec = load_robot(robot, task)
    sensors = {
        name: dataclasses.replace(sensor, width=16, height=16) if isinstance(sensor, ImageSensor) else sensor
        for name, sensor in spec.sensors.items()
    }
    return dataclasses.replace(spec, sensors=sensors)


def made_up_robot(**changes: Any) -> RobotSpec:
    """Return a robot of four joints with the URDF of test/support/gate/gate_arm.py, changed as `changed` does."""
    numbers: dict[str, Any] = {
        "lower": LOWER,
        "upper": UPPER,
        "velocity": VELOCITY,
        "acceleration": ACCELERATION,
        "jerk": None,
        "effort": None,
    }
    numbers |= {name: changes.pop(name) for name in list(changes) if name in numbers}
    names = changes.pop("joint_names", tuple(f"joint_{letter}" for letter in "abcd"))
    camera = ImageSensor(
        "camera",
        "camera/image_raw",
        "optical",
        48,
        40,
        10.0,
        AGE_S[CAMERA],
        ("model", "gate"),
        True,
        45.0,
        "",
        (1.0, 0.0, 1.0),
        (0.0,) * 3,
        (0.0, 0.0, 1.0),
    )
    spec = RobotSpec(
        name="made_up",
        sensors={"camera": camera, "joints": joint_sensor(names)},
        groups=(
            ArmGroup(
                "arm",
                ActionSpec("cartesian_velocity", 10.0, 2, channels()),
                Output("trajectory", "joint_trajectory_controller/joint_trajectory", 0.0),
                arm=Arm(
                    sensor="joints",
                    joint_names=names,
                    limits=ChannelLimits.from_mapping(numbers, JOINTS, "test"),
                    home=np.array(HOME),
                    urdf=Path(__file__).with_name("gate") / "gate_arm.urdf",
                    tip_frame="tip",
                    workspace=np.array([[-7.0, -8.0, -9.0], [7.5, 8.5, 9.5]]),  # out of reach of every test
                ),
            ),
        ),
        simulation=ArmSimulation("bullet", "made_up.urdf", (), (), "tip"),
        source="invented",
    )
    return changed(spec, **changes)


def channels(axes: Iterable[str] = "xyz", speed: float = 0.4) -> tuple[Channel, ...]:
    """Return Cartesian channels of that range, m/s both ways."""
    return tuple(Channel(axis, "m/s", -speed, speed) for axis in axes)


def joint_sensor(names: tuple[str, ...]) -> VectorSensor:
    """Return the sensor of joints of these names."""
    values = tuple((name, "rad") for name in names)
    return VectorSensor(
        "joints", "joint_states", "JointState", values, 100.0, AGE_S[JOINT_SENSOR], None, ("model", "gate")
    )


def changed(spec: RobotSpec, **changes: Any) -> RobotSpec:
    """Return `spec` with parts replaced, by the names that they have wherever they lie."""
    if "camera" in changes:
        changes["sensors"] = {**spec.sensors, "camera": changes.pop("camera")}
    if "joint_names" in changes:
        changes["sensors"] = {**spec.sensors, "joints": joint_sensor(tuple(changes["joint_names"]))}
    actions = {ours: changes.pop(name) for name, ours in OF_ACTIONS.items() if name in changes}
    if "action_axes" in changes or "max_tip_speed" in changes:
        speed = changes.pop("max_tip_speed", spec.max_tip_speed)
        actions["channels"] = channels(changes.pop("action_axes", spec.actions.names), speed)
    if actions:
        changes["actions"] = dataclasses.replace(spec.actions, **actions)
    arm = {name: changes.pop(name) for name in list(changes) if name in Arm.__dataclass_fields__}
    if arm:
        changes["arm"] = dataclasses.replace(spec.arm, **arm)
    group = {name: changes.pop(name) for name in ("actions", "output", "arm") if name in changes}
    return dataclasses.replace(spec.with_group(**group) if group else spec, **changes)


def panda_yaml(folder: Path, change: Any = None) -> Path:
    """Write config/robots/panda.yaml to `folder`, after `change(values)`, and return its path."""
    source = config_path("robots", "panda.yaml")
    values = copy.deepcopy(yaml.safe_load(source.read_text()))
    values["arm"]["urdf"] = str(source.with_name("panda.urdf"))
    if change is not None:
        change(values)
    path = folder / "panda.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def link(name: str, collision: str = "") -> str:
    """Return a link, with a <collision> of that geometry if any is given."""
    shape = f"<collision><geometry>{collision}</geometry></collision>" if collision else ""
    return f'<link name="{name}">{shape}</link>'


def joint(name: str, parent: str, child: str, kind: str = "revolute", inside: str = LIMIT) -> str:
    """Return a joint about y that stands 0.5 m above its parent."""
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="0 0 0.5"/><axis xyz="0 1 0"/>{inside}</joint>'
    )


def urdf(folder: Path, *parts: str) -> Path:
    """Write a URDF of these links and joints, and return its path."""
    path = folder / "small.urdf"
    path.write_text(f'<robot name="small">{"".join(parts)}</robot>')
    return path


def chain(folder: Path, **inside: str) -> Path:
    """Write an arm of three joints (j1, j2, j3: base, a, b, tip), with a joint's <limit> and so on replaced."""
    links = [link(name) for name in ("base", "a", "b", "tip")]
    pairs = zip(("base", "a", "b"), ("a", "b", "tip"), strict=True)
    joints = [
        joint(f"j{i}", *pair, inside=inside.get(f"j{i}", LIMIT)) for i, pair in enumerate(pairs, start=1)
    ]
    return urdf(folder, *links, *joints)


def turning_arm(folder: Path) -> Path:
    """Write an arm that gets about: a joint about z, two about y, and a tip 0.5 m behind the last."""
    turn = joint("j1", "base", "a").replace('xyz="0 1 0"', 'xyz="0 0 1"')
    links = [link(name) for name in ("base", "a", "b", "c", "tip")]
    bend = [joint("j2", "a", "b"), joint("j3", "b", "c"), joint("end", "c", "tip", "fixed", inside="")]
    return urdf(folder, *links, turn, *bend)


def small_robot(path: Path, *joints: str, tip: str = "tip", **changes: Any) -> RobotSpec:
    """Return a robot of these joints with that URDF."""
    return changed(
        made_up_robot(), urdf=path, joint_names=joints, tip_frame=tip, limits=NOT_LIMITED, **changes
    )
