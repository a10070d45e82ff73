# SPDX-License-Identifier: Apache-2.0
"""What happens to a gate between two ticks. Each check picks the events it needs and keeps its own state."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.safety.model_report import ModelReport
from ami_ros.types import FloatArray


@dataclass(frozen=True, eq=False)
class JointsSeen:
    """A joint state arrived: position (J,) in rad or m, finite."""

    position: FloatArray
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True, eq=False)
class PoseSeen:
    """A pose of a base arrived: x, y in m and yaw in rad, unwrapped (3,), finite."""

    position: FloatArray
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True)
class ImageSeen:
    """An image arrived; `content` is a hash of its pixels, None if not known."""

    sensor: str
    content: int | None
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True, eq=False)
class VectorSeen:
    """A reading of a vector sensor arrived.

    Attributes:
        sensor: its name.
        content: a hash of its numbers; None if not known.
        stamp_ns: when it was taken.
        arrival_ns: when it reached us.
        values: (n,) the numbers; None if not known.
    """

    sensor: str
    content: int | None
    stamp_ns: int
    arrival_ns: int
    values: FloatArray | None = None


@dataclass(frozen=True)
class ReadingRefused:
    """A reading of the wrong size, or not finite, arrived: it is discarded."""

    sensor: str
    why: str
    arrival_ns: int


@dataclass(frozen=True)
class PlannerReported:
    """The planner reported how far it trusts its model."""

    report: ModelReport
    arrival_ns: int


@dataclass(frozen=True)
class RearmAsked:
    """The operator has looked and asks to leave STOP: what led to it no longer counts."""

    now_ns: int


Event = JointsSeen | PoseSeen | ImageSeen | VectorSeen | ReadingRefused | PlannerReported | RearmAsked
