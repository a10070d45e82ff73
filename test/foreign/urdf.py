# SPDX-License-Identifier: Apache-2.0
"""The URDF that a Fetch's maker would ship, from the simulator's own model: `python test/foreign/urdf.py > FILE`."""

from __future__ import annotations

from xml.etree import ElementTree

import mujoco
import numpy as np
from mujoco_arm import FETCH, ForeignArm, MujocoArm

# Source: Fetch Robotics, "Fetch & Freight Manual", mechanical specification: rad/s and N m of the arm's joints.
SPEED = (1.256, 1.454, 1.571, 1.521, 1.571, 2.268, 2.268)
EFFORT = (33.82, 131.76, 76.94, 66.18, 29.35, 25.7, 7.36)


def urdf_of(name: str, arm: ForeignArm, model: mujoco.MjModel) -> str:
    """Return the arm from its base to the body behind its last joint's, and boxes where its bodies are."""
    tip = model.joint(arm.prefix + arm.joints[-1]).bodyid[0]
    hands = [body for body in range(model.nbody) if model.body_parentid[body] == tip]
    chain = [hands[0] if hands else tip]
    while chain[-1] != model.body(arm.base).id:
        chain.append(int(model.body_parentid[chain[-1]]))
    root = ElementTree.Element("robot", name=name)
    for body in reversed(chain):
        link = ElementTree.SubElement(root, "link", name=_name(model, arm, body))
        for geom in np.flatnonzero(model.geom_bodyid == body):
            if model.geom_contype[geom] or model.geom_conaffinity[geom]:
                _box(link, model, geom)
    for child in reversed(chain[:-1]):
        _joint(root, model, arm, child)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def _name(model: mujoco.MjModel, arm: ForeignArm, body: int) -> str:
    return model.body(body).name.removeprefix(arm.prefix)


def _joint(root: ElementTree.Element, model: mujoco.MjModel, arm: ForeignArm, child: int) -> None:
    numbers = [
        i for i in np.flatnonzero(model.jnt_bodyid == child) if _joint_name(model, arm, i) in arm.joints
    ]
    name = _joint_name(model, arm, numbers[0]) if numbers else f"{_name(model, arm, child)}_fixed"
    bounded = bool(numbers) and bool(model.jnt_limited[numbers[0]])
    kind = "fixed" if not numbers else "revolute" if bounded else "continuous"
    joint = ElementTree.SubElement(root, "joint", name=name, type=kind)
    ElementTree.SubElement(joint, "parent", link=_name(model, arm, int(model.body_parentid[child])))
    ElementTree.SubElement(joint, "child", link=_name(model, arm, child))
    _origin(joint, model.body_pos[child], model.body_quat[child])
    if numbers:
        index = arm.joints.index(name)
        ElementTree.SubElement(joint, "axis", xyz=_text(model.jnt_axis[numbers[0]]))
        limit = ElementTree.SubElement(joint, "limit", velocity=str(SPEED[index]), effort=str(EFFORT[index]))
        if bounded:
            lower, upper = model.jnt_range[numbers[0]]
            limit.set("lower", f"{lower:.4f}")
            limit.set("upper", f"{upper:.4f}")


def _joint_name(model: mujoco.MjModel, arm: ForeignArm, joint: int) -> str:
    return model.joint(joint).name.removeprefix(arm.prefix)


def _box(link: ElementTree.Element, model: mujoco.MjModel, geom: int) -> None:
    centre, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
    for what in ("visual", "collision"):
        part = ElementTree.SubElement(link, what)
        _origin(part, model.geom_pos[geom] + turn.reshape(3, 3) @ centre, model.geom_quat[geom])
        ElementTree.SubElement(ElementTree.SubElement(part, "geometry"), "box", size=_text(2.0 * half))


def _origin(parent: ElementTree.Element, position: np.ndarray, quaternion: np.ndarray) -> None:
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, quaternion)
    turn = matrix.reshape(3, 3)
    pitch = np.arcsin(np.clip(-turn[2, 0], -1.0, 1.0))
    roll, yaw = np.arctan2(turn[2, 1], turn[2, 2]), np.arctan2(turn[1, 0], turn[0, 0])
    ElementTree.SubElement(parent, "origin", xyz=_text(position), rpy=_text(np.array([roll, pitch, yaw])))


def _text(values: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in values)


if __name__ == "__main__":
    print(urdf_of("fetch", FETCH, MujocoArm(FETCH).model))
