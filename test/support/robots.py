# SPDX-License-Identifier: Apache-2.0
"""Robots for tests: a made-up one whose numbers all differ, and YAML files with one thing changed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ami_ros.body.robot_spec import CameraSpec, JointLimits, RobotSpec, SimulationSpec
from ami_ros.share import config_path

JOINTS = 4
LOWER = (-1.5, -0.75, -2.5, 0.1)
UPPER = (1.25, 1.0, 2.75, 2.1)
VELOCITY = (1.5, 2.0, 1.0, 0.5)  # rad/s
ACCELERATION = (8.0, 10.0, 6.0, 4.0)  # rad/s^2
HOME = (0.2, -0.1, 0.3, 1.1)


def made_up_robot(**changes: Any) -> RobotSpec:
    """Return a robot of four joints with the URDF of test/support/gate_arm.py; a change named like a limit replaces that limit."""
    numbers: dict[str, Any] = {
        "lower": LOWER,
        "upper": UPPER,
        "velocity": VELOCITY,
        "acceleration": ACCELERATION,
        "jerk": None,
        "effort": None,
    }
    numbers |= {name: changes.pop(name) for name in list(changes) if name in numbers}
    values: dict[str, Any] = {
        "name": "made_up",
        "joint_names": tuple(f"joint_{letter}" for letter in "abcd"),
        "limits": JointLimits.from_mapping(numbers, JOINTS, "test"),
        "home": np.array(HOME),
        "control_mode": "cartesian_velocity",
        "control_hz": 10.0,
        "action_block": 2,
        "max_tip_speed": 0.4,
        "urdf": Path(__file__).with_name("gate_arm.urdf"),
        "tip_frame": "tip",
        "workspace": np.array([[-7.0, -8.0, -9.0], [7.5, 8.5, 9.5]]),  # out of reach: no test runs into it
        "camera": CameraSpec("camera", "optical", 48, 40, 10.0, 45.0, (1.0, 0.0, 1.0), (0.0, 0.0, 0.0)),
        "simulation": SimulationSpec("made_up.urdf", (), (), "tip"),
        "source": "invented",
    }
    return RobotSpec(**{**values, **changes})


def panda_yaml(folder: Path, change: Any = None) -> Path:
    """Write config/robots/panda.yaml to `folder`, after `change(values)`, and return its path."""
    source = config_path("robots", "panda.yaml")
    values = copy.deepcopy(yaml.safe_load(source.read_text()))
    values["urdf"] = str(source.with_name("panda.urdf"))
    if change is not None:
        change(values)
    path = folder / "panda.yaml"
    path.write_text(yaml.safe_dump(values))
    return path
