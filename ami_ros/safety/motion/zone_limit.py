# SPDX-License-Identifier: Apache-2.0
"""Refuse a step after which the robot could not stop inside its workspace and outside forbidden boxes."""

from __future__ import annotations

import math

import numpy as np

from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.step_limit import Step
from ami_ros.safety.motion.zones import Zones
from ami_ros.types import FloatArray, Reason

ROUNDING = 1e-9
SAMPLE_S = 0.04  # between sampled postures on the way to the stop: at 1 m/s they are 4 cm apart
MOST_SAMPLES = 8


class ZoneLimit:
    """Checks postures on the way to each stop that could follow a step."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def problem(self, step: Step, slack_m: float = 0.0) -> Reason | None:
        """Return the zone that the stop after the step would get deeper into; None if there is none."""
        zones, low, high = self._zones, step.low, step.high
        if zones.far_from(low, high):
            return None
        here = np.maximum(zones.look(step.before.position), 0.0) + ROUNDING + slack_m
        if zones.far_from(low, high):
            return None
        excess = zones.excess(np.concatenate([_postures(stop) for stop in step.stops]))
        over = excess - here
        if (over <= 0.0).all():  # NaN is not
            return None
        worst = int(over.max(axis=0).argmax())
        code, numbers = zones.describe(worst)
        return code.reason(beyond_m=float(excess[:, worst].max()), **numbers)


def _postures(stop: Brake) -> FloatArray:
    """Return positions (S, J) on the way of a stop, including the first and the last."""
    count = min(1 + math.ceil(stop.duration_s / SAMPLE_S), MOST_SAMPLES)
    times = np.linspace(0.0, stop.duration_s, count) if count > 1 else np.zeros(1)
    return stop.at(times[:, None]).position
