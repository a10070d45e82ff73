# SPDX-License-Identifier: Apache-2.0
"""When a body counts as in motion: the tip of an arm, or a channel of any other body, has left its start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec

TIP_TRAVEL = 0.03  # m
CHANNEL_SHARE = 0.05  # of a channel's range


class UnderWay:
    """Checks the truths of one episode.

    Args:
        spec: the body.
        start: the reply to sim/reset.
    """

    def __init__(self, spec: RobotSpec, start: Mapping[str, Any]) -> None:
        if spec.arms:
            self._name, self._start = "tip", np.array(start["start_tip"])
            return
        self._name, self._start = "channels", np.array(start["channels"])
        self._span = 2.0 * spec.actions.half_range

    def __call__(self, truth: Mapping[str, Any]) -> bool:
        """Return whether it is in motion, by its newest truth; an empty one carries no information."""
        if self._name not in truth:
            return False
        way = np.array(truth[self._name]) - self._start
        if self._name == "tip":
            return float(np.linalg.norm(way)) > TIP_TRAVEL
        return bool((np.abs(way) > CHANNEL_SHARE * self._span).any())
