# SPDX-License-Identifier: Apache-2.0
"""How far the body has moved, by its own measure: what pictures change with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.data.importing.track import Track
from ami_ros.types import FloatArray


def path_length(spec: RobotSpec, vectors: Mapping[str, Track]) -> Track | None:
    """Return the length of the way of joints (rad) or base (m) up to each sample (N, 1); None of others.

    A base that turns moves as far as the rim of its footprint does.
    """
    if spec.arm is not None:
        track = vectors[spec.joint_sensor]
        places: FloatArray = track.values[:, : len(spec.joint_names)]
    elif spec.base is not None and spec.base.sensor:
        track = vectors[spec.base.sensor]
        x, y, yaw = track.values[:, list(spec.base.columns)].T
        places = np.stack([x, y, spec.base.radius * np.unwrap(yaw)], axis=1)
    else:
        return None
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    return Track(track.times, np.concatenate([[0.0], np.cumsum(steps)])[: len(track.times), None])
