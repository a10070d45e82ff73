# SPDX-License-Identifier: Apache-2.0
"""An invented arm for the gate's tests, and its geometry worked out by hand: no code of ami_ros, no pinocchio.

A turntable (a), then shoulder, elbow and wrist (b, c, d) about parallel axes. Its URDF is gate_arm.urdf.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from robots import made_up_robot

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray

SHOULDER_HEIGHT = 0.35  # m
UPPER_LENGTH, LOWER_LENGTH, WRIST_LENGTH, SPHERE_AT = 0.4, 0.3, 0.15, 0.1  # m
UPPER_RADIUS, LOWER_RADIUS, SPHERE_RADIUS = 0.05, 0.04, 0.06  # m
HOME = (0.1, 0.4, 0.9, 0.6)
JERK = (400.0, 350.0, 300.0, 250.0)  # rad/s^3
WORKSPACE = ((0.3, -0.5, 0.4), (0.75, 0.45, 1.05))  # m


def gate_arm(**changes: Any) -> RobotSpec:
    """Return the arm; a change named like a limit replaces that limit."""
    values: dict[str, Any] = {
        "jerk": JERK,
        "home": np.array(HOME),
        "urdf": Path(__file__).with_name("gate_arm.urdf"),
        "workspace": np.array(WORKSPACE),
    }
    return made_up_robot(**{**values, **changes})


def _chain(joints: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return shoulder, elbow, wrist and the wrist's direction, each (3,)."""
    a, b, c, d = joints
    heading = np.array([np.cos(a), np.sin(a), 0.0])

    def along(angle: float) -> FloatArray:
        return heading * np.sin(angle) + np.array([0.0, 0.0, np.cos(angle)])

    shoulder = np.array([0.0, 0.0, SHOULDER_HEIGHT])
    elbow = shoulder + UPPER_LENGTH * along(b)
    wrist = elbow + LOWER_LENGTH * along(b + c)
    return shoulder, elbow, wrist, along(b + c + d)


def tip(joints: FloatArray) -> FloatArray:
    """Return the tip's position (3,), m."""
    _, _, wrist, direction = _chain(joints)
    return wrist + WRIST_LENGTH * direction


def body(joints: FloatArray, spacing: float = 0.02) -> tuple[FloatArray, FloatArray]:
    """Return balls, centres (N, 3) and radii (N,), that lie inside the arm's collision shapes; the last is the tip.

    Inside: a ball at the end of a cylinder's axis would reach beyond its flat end.
    """
    shoulder, elbow, wrist, direction = _chain(joints)
    centres, radii = [], []
    for start, end, radius, length in (
        (shoulder, elbow, UPPER_RADIUS, UPPER_LENGTH),
        (elbow, wrist, LOWER_RADIUS, LOWER_LENGTH),
    ):
        shares = np.arange(radius, length - radius, spacing) / length
        centres.append(start + shares[:, None] * (end - start))
        radii.append(np.full(len(shares), radius))
    centres.append(np.stack([wrist + SPHERE_AT * direction, wrist + WRIST_LENGTH * direction]))
    radii.append(np.array([SPHERE_RADIUS, 0.0]))
    return np.concatenate(centres), np.concatenate(radii)


def depth_in(box: FloatArray, joints: FloatArray) -> float:
    """Return how deep the arm or its tip is inside a forbidden box (2, 3), m; negative: clear of it."""
    centres, radii = body(joints)
    beyond = np.maximum(box[0] - centres, centres - box[1])
    outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=1)
    inside = np.minimum(beyond.max(axis=1), 0.0)
    return float(np.max(radii - outside - inside))


def outside_of(box: FloatArray, joints: FloatArray) -> float:
    """Return how far the tip is outside a box (2, 3), m, along the worst axis; negative: inside."""
    position = tip(joints)
    return float(np.max(np.maximum(box[0] - position, position - box[1])))
