# SPDX-License-Identifier: Apache-2.0
"""Refuse a step after which a base could not stop with its footprint inside the area that it is kept in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ami_ros.body.base import Base
from ami_ros.body.polygon import room
from ami_ros.safety.limit import Limit, LimitContext
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.way_to_rest import WayToRest
from ami_ros.safety.motion.whereabouts import Pose, Whereabouts
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.sections import NoSettings
from ami_ros.types import FloatArray, Reason

ROUNDING = 1e-9
OUTSIDE = 0.01  # m: further outside than this, the base must come back
INWARD = 0.1  # share of its way by which it must then come nearer: else it could slide along the border


class Place(NamedTuple):
    """Where a base may be: its pose, how it slides (m per m of way), and how far the pose may be off (m)."""

    pose: Pose
    sliding: tuple[float, float] = (0.0, 0.0)
    unsure: float = 0.0


class KeepIn(Limit):
    """Checks the ways to rest that could follow a step, from where the base may be by now.

    The measured place and the place where its commands have led it both count: either may be wrong. Where it
    is already outside, a step is allowed if it leads back inside and never further out on the way: near a
    corner it would leave by the other side. A base that slides, as along a wall, is assumed to keep sliding
    until it rests.

    Args:
        base: has an area.
        whereabouts: of the base, kept up to date by the supervisor.
        dt_s: one tick.
    """

    def __init__(self, base: Base, whereabouts: Whereabouts, dt_s: float) -> None:
        self._whereabouts, self._dt_s = whereabouts, dt_s
        self._area = np.zeros((0, 2)) if base.keep_in is None else base.keep_in
        self._planar, self._radius = whereabouts.planar, base.radius
        self._places: list[Place] = []
        self._linear = np.array(self._planar.linear)

    def look(self, measured: FloatArray | None, now_ns: int) -> None:
        """Update where the base is at this tick."""
        seen, led = self._whereabouts.at(now_ns), self._whereabouts.led_to(now_ns)
        self._places = []
        if seen is not None and led is not None:
            self._places = [Place(seen, self._whereabouts.sliding)]
            self._places += [Place(led, unsure=self._whereabouts.unsure)] if led != seen else []

    def way_problem(self, after: ChannelState, ways: Sequence[WayToRest]) -> Reason | None:
        """Return KEEP_IN if the step to `after`, and a way to rest from there, leads outside; else None."""
        if not self._places:
            return ReasonCode.KEEP_IN.reason(pose="none yet")
        for way in ways:
            step_s = way.step_s(after)
            slack = float(np.max(way.unforeseen[self._linear], initial=0.0))
            slack += float(np.linalg.norm(after.position[self._linear])) * (step_s - self._dt_s)
            reach = sum(far for far, along in zip(way.reach(after), self._linear, strict=True) if along)
            values: list[Sequence[float]] | None = None
            for place in self._places:
                here = self._inside([place.pose], place.unsure)[0] - slack
                if here > reach * (1.0 + math.hypot(*place.sliding)):
                    continue  # NaN is not above
                if values is None:
                    values = [after.position.tolist(), *way.values(after, step_s)]
                problem = self._outside(place, values, step_s, slack, float(here))
                if problem is not None:
                    return problem
        return None

    def _outside(
        self, place: Place, values: Sequence[Sequence[float]], step_s: float, slack: float, here: float
    ) -> Reason | None:
        first = self._planar.path(place.pose, values[:1], self._dt_s)
        points = np.array(first + self._planar.path(first[0], values[1:], step_s))[:, :2]
        if any(place.sliding):
            way = np.cumsum(np.linalg.norm(np.array(values)[:, self._linear], axis=1)) * step_s
            points += np.outer(way, place.sliding)
        inside = self._inside(points, place.unsure) - slack
        so_far = np.maximum.accumulate(np.minimum([here, *inside], 0.0))
        beyond = float((so_far[:-1] - inside).max())
        if here < -OUTSIDE:
            steps = np.diff(points, axis=0, prepend=[place.pose[:2]])
            length = float(np.hypot(steps[:, 0], steps[:, 1]).sum())
            beyond = max(beyond, here + INWARD * length - float(inside[-1]))
        if beyond <= ROUNDING:
            return None
        return ReasonCode.KEEP_IN.reason(beyond_m=beyond, room_m=here)

    def _inside(self, points: Any, unsure: float) -> FloatArray:
        """Return how far the footprint at points (S, 2) is inside of the area (S,), m; negative outside."""
        return room(np.asarray(points)[:, :2], self._area) - self._radius - unsure


def build(context: LimitContext, settings: NoSettings) -> list[Limit]:
    """Return the limit of a base that has an area."""
    base = context.body.base
    if base is None or base.keep_in is None or context.body.rest is None:
        return []
    return [KeepIn(base, context.whereabouts, context.dt_s)]
