# SPDX-License-Identifier: Apache-2.0
"""Where a camera stands to see all given points: for an arm, its links and the corners of its workspace."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray

FROM = np.array([1.0, 0.75, 0.5])  # the way from the scene to the camera: in front, to the left, from above
MARGIN = 0.95  # of the half field of view


def camera_view(points: FloatArray, fov_deg: float) -> tuple[FloatArray, FloatArray]:
    """Return eye and look_at (3,), m, of a square view along FROM in which all points (N, 3) just fit.

    Source: pinhole projection; Hartley and Zisserman, "Multiple View Geometry" (2004), section 6.1.

    Args:
        points: base frame, m.
        fov_deg: vertical field of view.
    """
    back = FROM / np.linalg.norm(FROM)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(back, right), back])
    wide = MARGIN * float(np.tan(np.radians(fov_deg) / 2))
    across, towards = points @ axes[:2].T, points @ back
    # On each axis, the two points that touch the rim from either side determine the middle, and how far
    # away the camera has to be: |across - middle| <= wide * (distance - towards) for all of them.
    high, low = (across + wide * towards[:, None]).max(axis=0), (across - wide * towards[:, None]).min(axis=0)
    distance = float(((high - low) / (2 * wide)).max())
    middle = 0.5 * (high + low)
    depth = float(towards.mean())
    eye = middle @ axes[:2] + distance * back
    return np.round(eye, 3), np.round(middle @ axes[:2] + depth * back, 3)
