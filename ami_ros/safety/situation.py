# SPDX-License-Identifier: Apache-2.0
"""What the checks see at one gate tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ami_ros.types import FloatArray, Trajectory


@dataclass(frozen=True)
class Seen:
    """The newest reading of a sensor; None means *never received*.

    Attributes:
        stamp_ns: when it was taken.
        arrival_ns: when it reached us.
    """

    stamp_ns: int | None = None
    arrival_ns: int | None = None


NEVER = Seen()


@dataclass(frozen=True, eq=False)
class Situation:
    """Everything known at one tick; None means *never received*.

    Attributes:
        now_ns: the tick's time.
        sensors: the newest reading by sensor name; a missing one was never received.
        measured: (C,) where the channels were measured to be; also None where the body measures nothing.
        commanded: (C,) last commanded position.
        proposal: the accepted proposal being followed.
        proposal_arrival_ns: when a proposal was last submitted, accepted or not.
        planner_arrival_ns: arrival of the planner's newest report.
        at_rest: the last command moved nothing, or there was none yet.
    """

    now_ns: int
    sensors: Mapping[str, Seen] = field(default_factory=dict)
    measured: FloatArray | None = None
    commanded: FloatArray | None = None
    proposal: Trajectory | None = None
    proposal_arrival_ns: int | None = None
    planner_arrival_ns: int | None = None
    at_rest: bool = True
