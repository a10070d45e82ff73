# SPDX-License-Identifier: Apache-2.0
"""Refuse a step after which a base could not stop with its footprint inside the area that it is kept in."""

from __future__ import annotations

import numpy as np

from ami_ros.body.base import Base
from ami_ros.body.polygon import room
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.way_to_rest import WayToRest
from ami_ros.safety.motion.whereabouts import Pose, Whereabouts
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import FloatArray, Reason

ROUNDING = 1e-9


class KeepIn:
    """Looks at the way to rest that would follow a step, from where the base is by now.

    Where it is outside already, a step is allowed if nothing gets worse.

    Args:
        base: has an area.
        whereabouts: of the base, kept up to date by the supervisor.
        way: how it comes to rest.
        dt_s: one tick.

    Attributes:
        linear: (C,) whether a channel moves the base along; the others turn it.
    """

    def __init__(self, base: Base, whereabouts: Whereabouts, way: WayToRest, dt_s: float) -> None:
        self._whereabouts, self._way, self._dt_s = whereabouts, way, dt_s
        self._area = np.zeros((0, 2)) if base.keep_in is None else base.keep_in
        self._planar = whereabouts.planar
        self._pose: Pose | None = None
        self.linear = np.array(self._planar.linear)
        self._radius = base.radius + float(np.max(way.unforeseen[self.linear], initial=0.0))

    def look(self, now_ns: int) -> None:
        """Find out where the base is at this tick."""
        self._pose = self._whereabouts.at(now_ns)

    def problem(self, after: ChannelState) -> Reason | None:
        """Return KEEP_IN if the step to `after`, and the way to rest from there, leads outside; else None."""
        if self._pose is None:
            return ReasonCode.KEEP_IN.reason(pose="none yet")
        here = self._inside([self._pose])[0]
        reach = self._way.reach(after)
        if here > sum(far for far, linear in zip(reach, self._planar.linear, strict=True) if linear):
            return None  # NaN is not above
        first = self._planar.path(self._pose, [after.position.tolist()], self._dt_s)
        poses = first + self._planar.path(first[0], self._way.values(after), self._dt_s)
        beyond = min(here, 0.0) - float(self._inside(poses).min())
        if beyond <= ROUNDING:
            return None
        return ReasonCode.KEEP_IN.reason(beyond_m=beyond, room_m=float(here))

    def _inside(self, poses: list[Pose]) -> FloatArray:
        """Return how far the footprint is inside of the area (S,), m; negative outside."""
        return room(np.array(poses)[:, :2], self._area) - self._radius
