# SPDX-License-Identifier: Apache-2.0
"""Whether a vector sensor's names, units and values match the YAML."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from ami_ros.body.limits import ChannelLimits
from ami_ros.body.sensors import VectorSensor
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.live.heard import HeardTopic
from ami_ros.types import FloatArray

BEYOND = 0.05  # of the range: how far beyond a limit a zero offset may put a reading
# Unit in the YAML -> what drivers send instead, and by which factor that is larger.
MISTAKEN = {"rad": ("degrees", math.degrees(1.0)), "m": ("mm", 1000.0)}


def values(
    sensor: VectorSensor, heard: HeardTopic, held: Sequence[str], limits: ChannelLimits | None
) -> Finding:
    """Check names, units, and that all are finite numbers within their limits.

    Args:
        sensor: the sensor.
        heard: its messages.
        held: further joints that a joint state may have.
        limits: of positions, where the sensor measures an arm's joints.
    """
    name = f"{sensor.name}: values"
    bad = [sample.error for sample in heard.samples if sample.error]
    if bad:
        found = f"{len(bad)} of {len(heard.samples)} are unusable: {bad[0]}"
        return Finding(name, "fail", found, _fix(sensor, heard, held))
    table = np.array([sample.value for sample in heard.samples])
    if limits is not None:
        wrong = _beyond(sensor, table[:, : len(sensor.names)], limits)
        if wrong is not None:
            return Finding(name, "fail", *wrong)
    found = f"{', '.join(sensor.names)}: finite" + (", within the limits" if limits is not None else "")
    return Finding(name, "ok", found)


def banded(sensor: VectorSensor, heard: HeardTopic) -> Finding | None:
    """Check that values are inside their bands; None if none has a band, or no reading is usable."""
    readings = [sample.value for sample in heard.samples if not sample.error]
    if not sensor.envelope or not readings:
        return None
    name, table = f"{sensor.name}: envelope", np.array(readings)
    outside: list[str] = []
    inside: list[str] = []
    for band in sensor.envelope:
        column = table[:, sensor.names.index(band.value)]
        low, high, unit = float(column.min()), float(column.max()), dict(sensor.values)[band.value]
        told = f"{band.value} is {low:.4g} to {high:.4g} {unit}, its band {band.low:g} to {band.high:g}"
        (inside if band.low <= low and high <= band.high else outside).append(told)
    if not outside:
        return Finding(name, "ok", "; ".join(inside))
    advice = (
        "the gate holds there: bring the plant inside, or correct the band or the unit in "
        f"sensors.{sensor.name}"
    )
    return Finding(name, "fail", "; ".join(outside), advice)


def still(sensor: VectorSensor, heard: HeardTopic) -> Finding | None:
    """Check that readings do not repeat for longer than `freeze_s`; None if that is not judged."""
    usable = [sample for sample in heard.samples if sample.content is not None]
    if sensor.freeze_s is None or not usable:
        return None
    longest = since = 0
    for before, sample in itertools.pairwise(usable):
        since = since + sample.arrival_ns - before.arrival_ns if sample.content == before.content else 0
        longest = max(longest, since)
    found = f"repeated for {longest / 1e9:.2f} s at most; the robot holds at {sensor.freeze_s:g} (freeze_s)"
    if longest / 1e9 <= sensor.freeze_s:
        return Finding(f"{sensor.name}: frozen", "ok", found)
    advice = (
        f"restart its driver; if the sensor normally rests that long, raise sensors.{sensor.name}.freeze_s"
    )
    return Finding(f"{sensor.name}: frozen", "fail", found, advice)


def _fix(sensor: VectorSensor, heard: HeardTopic, held: Sequence[str]) -> str:
    key = f"sensors.{sensor.name}.values"
    if missing := [joint for joint in sensor.names if joint not in heard.joints and sensor.is_joints]:
        others = [joint for joint in heard.joints if joint not in (*sensor.names, *held)]
        return (
            f"write the driver's names ({', '.join(others) or 'none'}) for {', '.join(missing)} in {key}, or "
            "make the driver use those of the URDF"
        )
    if unknown := [joint for joint in heard.joints if joint not in (*sensor.names, *held)]:
        return (
            f"add {', '.join(unknown)} to simulation.hold_joints (simulation.held with kind: none), or make "
            "the driver publish only the arm's joints"
        )
    return f"make the driver send a finite number for each value, in the units of {key}, or correct {key}"


def _beyond(sensor: VectorSensor, position: FloatArray, limits: ChannelLimits) -> tuple[str, str] | None:
    """Return what is outside the limits, and how to fix it; None if nothing is."""
    count = len(sensor.names)
    lower = np.full(count, -np.inf) if limits.lower is None else limits.lower
    upper = np.full(count, np.inf) if limits.upper is None else limits.upper
    width = np.where(np.isfinite(upper - lower), upper - lower, 0.0)
    lower, upper = lower - BEYOND * width, upper + BEYOND * width
    outside = ((position < lower) | (position > upper)).any(axis=0)
    if not outside.any():
        return None
    joint = int(outside.argmax())
    column = position[:, joint]
    worst = column[np.maximum(lower[joint] - column, column - upper[joint]).argmax()]
    limited = f"[{lower[joint] + BEYOND * width[joint]:.3g}, {upper[joint] - BEYOND * width[joint]:.3g}]"
    found = f"{sensor.names[joint]} is at {worst:.4g}, outside its limits {limited} {sensor.units[joint]}"
    what, factors = _instead(sensor)
    if what and ((position / factors >= lower) & (position / factors <= upper)).all():
        return (
            f"{found}: {what}?",
            f"make the driver send {' or '.join(_units(sensor))}: all values would fit if they were {what}",
        )
    return found, (
        "do the joints differ in order, sign or zero? Compare with the robot's display; the limits are in "
        "the URDF and arm.limits"
    )


def _units(sensor: VectorSensor) -> list[str]:
    return list(dict.fromkeys(unit for _, unit in sensor.values))


def _instead(sensor: VectorSensor) -> tuple[str, FloatArray]:
    """Return what may have been sent instead of the units, and by which factor that is larger (J,)."""
    names = [MISTAKEN[unit][0] for unit in _units(sensor) if unit in MISTAKEN]
    factors = [MISTAKEN[unit][1] if unit in MISTAKEN else 1.0 for _, unit in sensor.values]
    return " and ".join(names), np.array(factors)
