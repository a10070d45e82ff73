# SPDX-License-Identifier: Apache-2.0
"""Oddities in the data that people should check before it is cut into episodes."""

from __future__ import annotations

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.recordings.importing.signals import Signals
from ami_ros.recordings.importing.steps import FAST, UNEVEN

OFF = 0.1  # share by which a control step may be longer or shorter before it is reported
BEYOND = 0.5  # share of positions outside the limits above which they are reported


def odd_signals(spec: RobotSpec, signals: Signals) -> list[str]:
    """Return the oddities, a line each."""
    notes = [note for image in spec.images for note in _of_camera(spec, signals, image)]
    if signals.still_joints:
        notes.append("joint states have no velocities: import and planner take them as 0")
    for name, health in signals.health.items():
        if health.unstamped:
            notes.append(
                f"{name}: {health.unstamped} of {health.messages} messages have a stamp of zero: their time "
                "of arrival is used instead"
            )
        if health.contradictions:
            notes.append(
                f"{name}: {health.contradictions} of {health.messages} readings of {health.topic} lie "
                "further from the previous one than the robot can move: do two nodes publish this topic?"
            )
    if spec.arms:
        notes += _of_joints(spec, signals)
    if signals.breaks:
        count = len(signals.breaks)
        notes.append(
            f"time restarts {count} times: a reset, a clock that was set, a long pause, or the next "
            "recording or episode"
        )
    return notes


def _of_camera(spec: RobotSpec, signals: Signals, image: ImageSensor) -> list[str]:
    health = signals.health.get(image.name)
    if health is None:
        return []
    notes, rate_hz = [], health.rate_hz
    if health.size is not None and health.size != (image.width, image.height):
        got = "x".join(map(str, health.size))
        notes.append(f"{image.name}: {got} px, but the robot's YAML says {image.width}x{image.height}")
    if rate_hz is None or image.name != spec.camera.name:
        return notes
    control_hz = spec.actions.rate_hz
    longer = control_hz / rate_hz - 1.0
    if longer > UNEVEN:
        notes.append(
            f"{image.name}: {rate_hz:.1f} Hz, slower than the robot's control rate of {control_hz:g} Hz: no "
            "step is usable. Lower actions.rate_hz"
        )
    elif abs(longer) > OFF and rate_hz < FAST * control_hz:
        notes.append(
            f"{image.name}: each picture begins a control step, at {rate_hz:.1f} Hz, but the robot's control "
            f"rate is {control_hz:g} Hz: change actions.rate_hz"
        )
    return notes


def _of_joints(spec: RobotSpec, signals: Signals) -> list[str]:
    values = signals.vectors[spec.joint_sensor].values[:, : len(spec.joint_names)]
    lower, upper = spec.limits.lower, spec.limits.upper
    outside = np.zeros(values.shape, dtype=bool)
    if lower is not None and upper is not None:
        outside = (values < lower) | (values > upper)
    share = float(outside.any(axis=1).mean()) if len(values) else 0.0
    if share <= BEYOND or lower is None or upper is None:
        return []
    joint = int(outside.mean(axis=0).argmax())
    worst = float(values[np.abs(values[:, joint]).argmax(), joint])
    return [
        f"{spec.joint_sensor}: {share:.0%} of the positions are outside the robot's limits, as in "
        f"{spec.joint_names[joint]}: {worst:.4g}, {lower[joint]:g} to {upper[joint]:g} rad: are "
        "they another robot's, or in degrees (--degrees)?"
    ]
