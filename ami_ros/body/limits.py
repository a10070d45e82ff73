# SPDX-License-Identifier: Apache-2.0
"""Limits of the commands, per channel; from the robot's YAML and, for joints, from its URDF."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.body.urdf_checks import COMMANDABLE, number, parse_urdf
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import LARGEST, SMALLEST
from ami_ros.types import FloatArray

POSITIVE = ("velocity", "acceleration", "jerk", "effort")
RAMPS = POSITIVE[:3]  # each bounds the rate of change of the one before
NAMES = ("lower", "upper", *POSITIVE)
IN_URDF = ("lower", "upper", "velocity", "effort")
LONGEST_S = 600.0  # to the largest velocity, or acceleration: beyond it, one of the two is wrong
SAME = 1e-9  # relative: rounding in a text file


@dataclass(frozen=True, eq=False)
class ChannelLimits:
    """Limits per commanded channel (C,). ``None`` means *not limited*, which is never the same as zero.

    Where only some channels are limited, the others have an infinite limit.

    For joints the units are rad and rad/s, or m and m/s; for other channels the channel's own.

    Attributes:
        lower: smallest value.
        upper: largest value.
        velocity: largest change per second, positive.
        acceleration: largest change of that per second, positive.
        jerk: largest change of that per second, positive.
        effort: N m or N, positive; joints only.
    """

    lower: FloatArray | None
    upper: FloatArray | None
    velocity: FloatArray | None
    acceleration: FloatArray | None
    jerk: FloatArray | None
    effort: FloatArray | None

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], count: int, where: str) -> ChannelLimits:
        """Validate a mapping of limit name to list (or null); in the list, null is a channel without limit.

        Raises:
            EmbodimentError: unknown or missing names, wrong lengths, non-finite, non-positive or inverted.
        """
        if not isinstance(values, Mapping) or set(values) != set(NAMES):
            got = sorted(values, key=str) if isinstance(values, Mapping) else values
            raise EmbodimentError(
                f"{where}: limits: got {got}, expected exactly {list(NAMES)} (null = not limited)"
            )
        arrays = {name: _limit(f"{where}: limits.{name}", name, values[name], count) for name in NAMES}
        for name in POSITIVE:
            array = arrays[name]
            if array is not None and not np.all(array >= SMALLEST):
                raise EmbodimentError(
                    f"{where}: limits.{name}: got {values[name]}, expected positive numbers, >= {SMALLEST:g}"
                )
        limits = cls(**arrays)
        if limits.lower is not None and limits.upper is not None and not (limits.lower < limits.upper).all():
            bad = np.flatnonzero(limits.lower >= limits.upper).tolist()
            raise EmbodimentError(
                f"{where}: limits: lower is not below upper for index {bad}: "
                f"lower {limits.lower[bad].tolist()}, upper {limits.upper[bad].tolist()}"
            )
        ramps = [getattr(limits, name) for name in RAMPS]
        columns = [np.full(count, np.inf) if array is None else array for array in ramps]
        for index, row in enumerate(np.stack(columns, axis=1).tolist()):
            check_ramps(row, f"{where}: limits: index {index}")
        return limits

    def unlimited(self) -> list[str]:
        """Return the names of the limits that a channel lacks."""
        limits = {name: getattr(self, name) for name in NAMES if name != "effort"}
        return [name for name, limit in limits.items() if limit is None or np.isinf(limit).any()]


def joined(parts: Sequence[tuple[ChannelLimits, int]]) -> ChannelLimits:
    """Return the limits of several groups of channels, each with its number of channels, as one."""

    def column(name: str) -> FloatArray | None:
        free = -np.inf if name == "lower" else np.inf
        given = [getattr(limits, name) for limits, _ in parts]
        if all(array is None for array in given):
            return None
        counts = [count for _, count in parts]
        return np.concatenate(
            [np.full(n, free) if array is None else array for array, n in zip(given, counts, strict=True)]
        )

    return ChannelLimits(**{name: column(name) for name in NAMES})


def check_ramps(limits: Sequence[float], where: str) -> None:
    """Refuse the RAMPS of a channel that takes too long to reach one; a missing limit is infinite.

    Raises:
        EmbodimentError: names which.
    """
    for name, limit, rate in zip(RAMPS, limits, limits[1:], strict=False):
        if math.isfinite(limit) and limit / rate > LONGEST_S:
            raise EmbodimentError(
                f"{where}: {name}: got {limit:g}, which at {rate:g} per second is reached after "
                f"{limit / rate:.3g} s, expected at most {LONGEST_S:g} s; null is not limited"
            )


def _limit(where: str, name: str, values: Any, count: int) -> FloatArray | None:
    """Return a limit (count,); infinite where some, but not all, of `values` are null."""
    free = [value is None for value in values] if isinstance(values, (list, tuple)) else []
    if name == "effort" or not any(free) or all(free):
        return limit_array(where, values, count)
    known = limit_array(where, [1.0 if value is None else value for value in values], count)
    array = np.array(known)
    array[free] = -np.inf if name == "lower" else np.inf
    array.setflags(write=False)
    return array


def limit_array(where: str, values: Any, count: int) -> FloatArray | None:
    """Return finite read-only numbers (count,); None for null.

    Raises:
        EmbodimentError: they are anything else.
    """
    if values is None:
        return None
    # Spelled out because numpy takes true, false and "1.5" for numbers.
    if not isinstance(values, (list, tuple)) or not all(type(value) in (int, float) for value in values):
        raise EmbodimentError(f"{where}: got {shown(values)}, expected {count} numbers or null")
    if len(values) != count or not all(abs(value) <= LARGEST for value in values):
        expected = f"expected {count} finite numbers, at most {LARGEST:g}, or null"
        raise EmbodimentError(f"{where}: got {shown(values)}, {expected}")
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class UrdfLimits:
    """The limits of some joints in a URDF.

    Attributes:
        urdf: the file.
        joints: their names.
        values: limit name -> a number per joint: infinite where a joint turns forever, None where it is not
            given. Empty where the URDF is unreadable or lacks a joint: the user of its geometry reports that.
        units: of the positions of the same joints, rad or m; empty as `values`.
    """

    urdf: Path
    joints: Sequence[str]
    values: Mapping[str, list[float | None]]
    units: Sequence[str] = ()


def limits_of_urdf(urdf: Path, joints: Sequence[str]) -> UrdfLimits:
    """Return the limits of `joints` in a URDF.

    A limit of zero counts as missing: a joint that may not move is no joint, and some files fill in zeros.

    Raises:
        EmbodimentError: a limit is not a finite number.
    """
    try:
        # Children of the root only: a <transmission> names joints, too.
        elements = {joint.get("name"): joint for joint in parse_urdf(urdf).findall("joint")}
    except ValueError:
        return UrdfLimits(urdf, joints, {})
    found = [elements[name] for name in joints if name in elements]
    if len(found) != len(joints) or any(joint.get("type") not in COMMANDABLE for joint in found):
        return UrdfLimits(urdf, joints, {})
    rows = [_joint_limits(urdf, joint) for joint in found]
    units = ["m" if joint.get("type") == "prismatic" else "rad" for joint in found]
    return UrdfLimits(urdf, joints, {key: [row[key] for row in rows] for key in IN_URDF}, units)


def _joint_limits(urdf: Path, joint: ElementTree.Element) -> dict[str, float | None]:
    limit = joint.find("limit")
    try:
        # Source: URDF specification, <limit>: lower and upper default to 0.
        given = (
            dict.fromkeys(IN_URDF, 0.0)
            if limit is None
            else {key: number(limit, key, 0.0) for key in IN_URDF}
        )
    except ValueError as error:
        raise EmbodimentError(f"{urdf}: joint {joint.get('name')}: {error}") from error
    values = {key: given[key] or None for key in ("velocity", "effort")}
    if joint.get("type") == "continuous":
        return values | {"lower": -math.inf, "upper": math.inf}
    has_range = given["lower"] != 0.0 or given["upper"] != 0.0
    return values | {key: given[key] if has_range else None for key in ("lower", "upper")}


def tightened(urdf: UrdfLimits, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return a robot's limits: those of its URDF, where its YAML gives none or tighter ones.

    Args:
        urdf: of `limits_of_urdf`.
        given: the YAML's section; a limit that it leaves out is the URDF's, null is not limited.
        where: name of the YAML in messages.

    Raises:
        EmbodimentError: neither gives a limit, or the YAML gives a looser one than the URDF, so one is wrong.
    """
    result: dict[str, Any] = {name: None for name in NAMES}
    lacking: dict[str, list[str]] = {}
    for name, own in urdf.values.items():
        if name in given:
            _refuse_looser(name, given[name], own, where)
            continue
        without = [joint for joint, value in zip(urdf.joints, own, strict=True) if value is None]
        if not without:
            limited = [None if value is None or math.isinf(value) else value for value in own]
            result[name] = limited if any(value is not None for value in limited) else None
        elif name != "effort":  # ami_ros commands no efforts
            lacking[name] = without
    if lacking:
        raise EmbodimentError(
            f"{where}: limits: {urdf.urdf} has none, or zero: {lacking}; expected {list(lacking)} here: "
            "a number for each joint, null for one that is not limited"
        )
    return result | dict(given)


def _refuse_looser(name: str, values: Any, own: Sequence[float | None], where: str) -> None:
    if not isinstance(values, (list, tuple)) or len(values) != len(own):
        return  # reported by the check of the numbers
    numbers = [value for value in values if value is not None]
    if not numbers or not all(type(value) in (int, float) and math.isfinite(value) for value in numbers):
        return
    sign = -1.0 if name == "lower" else 1.0
    pairs = [
        (sign * math.inf if mine is None else mine, limit) for mine, limit in zip(values, own, strict=True)
    ]
    looser = [
        i
        for i, (mine, limit) in enumerate(pairs)
        if limit is not None and math.isfinite(limit) and sign * (mine - limit) > SAME * abs(limit)
    ]
    if looser:
        raise EmbodimentError(
            f"{where}: limits.{name}: got {[values[i] for i in looser]} for index {looser}, looser than "
            f"the URDF's {[own[i] for i in looser]}; expected tighter ones, or leave {name} out"
        )
