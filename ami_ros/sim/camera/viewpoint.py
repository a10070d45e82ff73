# SPDX-License-Identifier: Apache-2.0
"""Where the camera stands and where it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ami_ros.body.sensors import ImageSensor
from ami_ros.sim.camera.variation import CameraShift
from ami_ros.types import FloatArray


@dataclass(frozen=True)
class Viewpoint:
    """Eye, point looked at and up direction, each (3,), m, in the frame of the link or of the base."""

    eye: tuple[float, ...]
    look_at: tuple[float, ...]
    up: tuple[float, ...] = (0.0, 0.0, 1.0)

    def carried(self, place: FloatArray, turn: FloatArray) -> Viewpoint:
        """Return it in the base frame for a link at `place` (3,), m, turned by `turn` (3, 3)."""
        eye, look_at = (place + turn @ np.asarray(point) for point in (self.eye, self.look_at))
        up = turn @ np.asarray(self.up)
        return Viewpoint(*(tuple(float(v) for v in point) for point in (eye, look_at, up)))


def viewpoint(camera: ImageSensor, shift: CameraShift) -> Viewpoint:
    """Return where `camera` stands after the displacement `shift`.

    Without a shift the numbers of the camera are unchanged, to the bit.
    """
    if shift == CameraShift():
        return Viewpoint(tuple(camera.eye), tuple(camera.look_at), tuple(camera.up))
    eye = np.asarray(camera.eye, dtype=np.float64)
    sight = np.asarray(camera.look_at, dtype=np.float64) - eye
    distance = float(np.linalg.norm(sight))
    forward = sight / distance
    right = np.cross(forward, camera.up)
    right /= np.linalg.norm(right)
    above = np.cross(right, forward)
    # Turn by the angle whose tangent components are (right, up): exact in every direction.
    angle = math.hypot(shift.right_deg, shift.up_deg)
    if angle > 0.0:
        aside = (right * shift.right_deg + above * shift.up_deg) / angle
        forward = forward * math.cos(math.radians(angle)) + aside * math.sin(math.radians(angle))
    level = np.cross(forward, camera.up)
    level /= np.linalg.norm(level)
    roll = math.radians(shift.roll_deg)
    up = np.cross(level, forward) * math.cos(roll) + level * math.sin(roll)
    moved = eye + np.asarray(shift.offset)
    return Viewpoint(*(tuple(float(v) for v in p) for p in (moved, moved + forward * distance, up)))
