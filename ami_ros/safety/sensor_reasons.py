# SPDX-License-Identifier: Apache-2.0
"""The reasons for the faults of a sensor: joints and cameras have their own."""

from __future__ import annotations

from typing import NamedTuple

from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.watched_sensor import IMAGE, JOINT_STATES, VECTOR


class AgeReasons(NamedTuple):
    """The reasons for something that has an age."""

    missing: ReasonCode
    stale: ReasonCode
    future: ReasonCode


AGE_REASONS = {
    JOINT_STATES: AgeReasons(ReasonCode.JOINTS_MISSING, ReasonCode.JOINTS_STALE, ReasonCode.JOINTS_FUTURE),
    IMAGE: AgeReasons(ReasonCode.CAMERA_MISSING, ReasonCode.CAMERA_STALE, ReasonCode.CAMERA_FUTURE),
    VECTOR: AgeReasons(ReasonCode.SENSOR_MISSING, ReasonCode.SENSOR_STALE, ReasonCode.SENSOR_FUTURE),
}
FROZEN_REASONS = {
    JOINT_STATES: ReasonCode.JOINTS_FROZEN,
    IMAGE: ReasonCode.CAMERA_FROZEN,
    VECTOR: ReasonCode.SENSOR_FROZEN,
}
