# SPDX-License-Identifier: Apache-2.0
"""What happens to a gate between two ticks. Each check picks what it needs and remembers what it likes."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.safety.model_report import ModelReport
from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class JointsSeen:
    """A joint state came: position (J,) in rad or m, finite."""

    position: FloatArray
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True, eq=False)
class PoseSeen:
    """A pose of a base came: x, y in m and yaw in rad, unwrapped (3,), finite."""

    position: FloatArray
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True)
class ImageSeen:
    """An image came; `content` is a hash of its pixels, None if not known."""

    sensor: str
    content: int | None
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True)
class VectorSeen:
    """A reading of a vector sensor came; `content` is a hash of its numbers, None if not known."""

    sensor: str
    content: int | None
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True)
class ReadingRefused:
    """A reading came that is of the wrong size or not finite: nothing of it is used."""

    sensor: str
    why: str
    arrival_ns: int


@dataclass(frozen=True)
class PlannerReported:
    """The planner said how far it trusts its model."""

    report: ModelReport
    arrival_ns: int


@dataclass(frozen=True)
class RearmAsked:
    """Somebody has looked and asks to leave STOP: what led to it does not count any longer."""

    now_ns: int


Event = JointsSeen | PoseSeen | ImageSeen | VectorSeen | ReadingRefused | PlannerReported | RearmAsked
