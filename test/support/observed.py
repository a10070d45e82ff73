# SPDX-License-Identifier: Apache-2.0
"""Observations of a body with one camera and joints, for tests."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray, ImageArray, Observation, Reading


def observed(
    image: ImageArray,
    position: FloatArray,
    stamp_ns: int = 0,
    joint_stamp_ns: int | None = None,
    velocity: FloatArray | None = None,
) -> Observation:
    """Return what a camera and joints say, which stand still unless a velocity is given."""
    joints = np.concatenate([position, np.zeros_like(position) if velocity is None else velocity])
    when = stamp_ns if joint_stamp_ns is None else joint_stamp_ns
    return Observation({"camera": Reading(image, stamp_ns, stamp_ns), "joints": Reading(joints, when, when)})
