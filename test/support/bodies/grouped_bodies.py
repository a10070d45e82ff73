# SPDX-License-Identifier: Apache-2.0
"""Robots of several groups, by YAML alone: what an integrator would write for each."""

from __future__ import annotations

from pathlib import Path

import yaml

from ami_ros.settings.share import config_path

ARM = """
meaning: joint_velocity
channels: {{panda_joint4: {{unit: rad/s, range: 0.5}}, panda_joint6: {{unit: rad/s, range: 0.5}}}}
output: arm
arm:
  joints: joints
  urdf: {urdf}
  limits:
    acceleration: [15.0, 7.5, 10.0, 12.5, 15.0, 20.0, 20.0]
    jerk: [7500.0, 3750.0, 5000.0, 6250.0, 7500.0, 10000.0, 10000.0]
  home: [0.0, -0.1, 0.0, -2.1, 0.0, 2.0, 0.785]
  tip_frame: panda_tip
  workspace: {{lower: [0.2, -0.4, 0.05], upper: [0.75, 0.4, 0.8]}}
  tool: {{}}
"""
JOINTS = """
kind: vector
message: JointState
topic: joint_states
values: {panda_joint1: rad, panda_joint2: rad, panda_joint3: rad, panda_joint4: rad, panda_joint5: rad,
         panda_joint6: rad, panda_joint7: rad}
rate_hz: 100.0
max_age_s: 0.5
"""
GRIPPER = """
meaning: setpoint
channels: {grip: {unit: m, range: [0.0, 0.08], rest: 0.08, velocity: 0.1, acceleration: 1.0}}
output: gripper
"""
BASE = """
meaning: twist
channels: {vx: {unit: m/s, range: 0.5, velocity: 1.0}, wz: {unit: rad/s, range: 0.9, velocity: 2.0}}
output: base
base: {pose: pose, radius: 0.5, keep_in: [[-3.0, -3.0], [3.0, -3.0], [3.0, 3.0], [-3.0, 3.0]]}
"""
POSE = """
kind: vector
message: Odometry
topic: odom
values: {x: m, y: m, yaw: rad}
rate_hz: 50.0
max_age_s: 0.5
used_by: [gate]
"""
TANK = """
kind: vector
message: Float64MultiArray
topic: tank
values: {level: m}
rate_hz: 50.0
max_age_s: 0.5
"""
TRAJECTORY = {"interface": "trajectory", "topic": "arm_controller/joint_trajectory"}


def _valve(name: str, stands_still: str) -> dict:
    channel = {"unit": "%", "range": [0.0, 100.0], "rest": 20.0, "velocity": 50.0, "acceleration": 500.0}
    return {"meaning": "setpoint", "channels": {name: channel}, "output": name, "stands_still": stands_still}


def _arm() -> dict:
    return yaml.safe_load(ARM.format(urdf=config_path("robots", "panda.urdf")))


def grouped_robot(folder: Path, name: str) -> Path:
    """Write one of the robots and return its path.

    `arm_with_gripper`; `base_with_arm`; `two_rates`: as the first, whose gripper is told ten times a second;
    `two_valves`: one of which a hold leaves open, while the other closes to its rest.
    """
    sensors, groups, outputs = {"joints": yaml.safe_load(JOINTS)}, {"arm": _arm()}, {"arm": TRAJECTORY}
    if name in ("arm_with_gripper", "two_rates"):
        groups["gripper"] = yaml.safe_load(GRIPPER)
        outputs["gripper"] = {"interface": "float_array", "topic": "gripper/set_point"}
    if name == "two_rates":
        outputs["gripper"]["rate_hz"] = 10.0
    if name == "base_with_arm":
        sensors["pose"], groups["base"] = yaml.safe_load(POSE), yaml.safe_load(BASE)
        outputs["base"] = {"interface": "twist_stamped", "topic": "cmd_vel"}
    if name == "two_valves":
        sensors = {"tank": yaml.safe_load(TANK)}
        groups = {"inlet": _valve("inlet", "keep"), "drain": _valve("drain", "rest")}
        outputs = {way: {"interface": "float_array", "topic": f"{way}/set_point"} for way in groups}
    values = {
        "sensors": sensors,
        "actions": {"rate_hz": 10.0, "block": 1},
        "groups": groups,
        "outputs": outputs,
        "simulation": {"kind": "none"},
        "source": "invented",
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


GROUPED = ("arm_with_gripper", "base_with_arm", "two_rates", "two_valves")
