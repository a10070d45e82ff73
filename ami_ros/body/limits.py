# SPDX-License-Identifier: Apache-2.0
"""Limits of what is commanded, per channel; from the robot's YAML and, for joints, from its URDF."""

from __future__ import annotations

import math
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.errors import EmbodimentError, shown
from ami_ros.types import FloatArray

POSITIVE = ("velocity", "acceleration", "jerk", "effort")
NAMES = ("lower", "upper", *POSITIVE)
SAME = 1e-9  # relative: what a number loses on its way through a text file


@dataclass(frozen=True, eq=False)
class ChannelLimits:
    """Limits per commanded channel (C,). ``None`` means *not limited*, which is never the same as zero.

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
        """Validate a mapping of limit name to list (or null).

        Raises:
            EmbodimentError: unknown or missing names, wrong lengths, non-finite, non-positive or inverted.
        """
        if not isinstance(values, Mapping) or set(values) != set(NAMES):
            got = sorted(values, key=str) if isinstance(values, Mapping) else values
            raise EmbodimentError(
                f"{where}: limits: got {got}, expected exactly {list(NAMES)} (null = not limited)"
            )
        arrays = {name: limit_array(f"{where}: limits.{name}", values[name], count) for name in NAMES}
        for name in POSITIVE:
            array = arrays[name]
            if array is not None and not np.all(array > 0):
                raise EmbodimentError(
                    f"{where}: limits.{name}: got {values[name]}, expected positive numbers"
                )
        limits = cls(**arrays)
        if limits.lower is not None and limits.upper is not None and not (limits.lower < limits.upper).all():
            bad = np.flatnonzero(limits.lower >= limits.upper).tolist()
            raise EmbodimentError(
                f"{where}: limits: lower is not below upper for index {bad}: "
                f"lower {limits.lower[bad].tolist()}, upper {limits.upper[bad].tolist()}"
            )
        return limits

    def unlimited(self) -> list[str]:
        """Return the names of the limits that do not exist."""
        return [name for name in NAMES if name != "effort" and getattr(self, name) is None]


def limit_array(where: str, values: Any, count: int) -> FloatArray | None:
    """Return finite numbers (count,) that nobody can change; None for null.

    Raises:
        EmbodimentError: they are anything else.
    """
    if values is None:
        return None
    # Spelled out because numpy takes true, false and "1.5" for numbers.
    if not isinstance(values, (list, tuple)) or not all(type(value) in (int, float) for value in values):
        raise EmbodimentError(f"{where}: got {shown(values)}, expected {count} numbers or null")
    if any(abs(value) > sys.float_info.max for value in values):  # a whole number may be too large for numpy
        raise EmbodimentError(f"{where}: got {shown(values)}, expected {count} finite numbers or null")
    array = np.array(values, dtype=np.float64)
    if array.shape != (count,) or not np.isfinite(array).all():
        raise EmbodimentError(f"{where}: got {shown(values)}, expected {count} finite numbers or null")
    array.setflags(write=False)
    return array


def limits_of_urdf(urdf: Path, joints: Sequence[str]) -> dict[str, list[float]]:
    """Return what a URDF says of the limits of `joints`: lists by limit name, without those it lacks.

    A file that is missing or is no XML says nothing: whoever needs its geometry tells.
    """
    try:
        elements = {joint.get("name"): joint for joint in ElementTree.parse(urdf).getroot().iter("joint")}
    except (OSError, ElementTree.ParseError):
        return {}
    found: dict[str, list[float]] = {}
    limits = [elements[name].find("limit") if name in elements else None for name in joints]
    for key in ("lower", "upper", "velocity", "effort"):
        texts = [None if limit is None else limit.get(key) for limit in limits]
        try:
            numbers = [float(text) for text in texts if text is not None]
        except ValueError:
            continue
        if len(numbers) == len(joints):
            found[key] = numbers
    return found


def tightened(urdf: Mapping[str, list[float]], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return a robot's limits: those of its URDF, where its YAML gives none or tighter ones.

    Args:
        urdf: of `limits_of_urdf`.
        given: the YAML's section; a limit that it leaves out is the URDF's, null is not limited.
        where: name of the YAML in messages.

    Raises:
        EmbodimentError: the YAML gives a looser limit than the URDF: one of them is wrong.
    """
    result: dict[str, Any] = {name: None for name in NAMES} | dict(urdf) | dict(given)
    for name, own in urdf.items():
        values = given.get(name)
        if not isinstance(values, (list, tuple)) or len(values) != len(own):
            continue  # told by whoever checks the numbers
        if not all(type(value) in (int, float) and math.isfinite(value) for value in values):
            continue
        sign = -1.0 if name == "lower" else 1.0
        pairs = enumerate(zip(values, own, strict=True))
        looser = [i for i, (mine, limit) in pairs if sign * (mine - limit) > SAME * abs(limit)]
        if looser:
            raise EmbodimentError(
                f"{where}: limits.{name}: got {[values[i] for i in looser]} for index {looser}, looser than "
                f"the URDF's {[own[i] for i in looser]}; expected tighter ones, or leave {name} out"
            )
    return result
