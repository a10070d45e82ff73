# SPDX-License-Identifier: Apache-2.0
"""Where a base is by now: where it was measured, and what it was told since."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

from ami_ros.body.base import Base
from ami_ros.types import FloatArray

KEPT = 1000  # commands: more than a pose may be old
Pose = tuple[float, float, float]  # x, y in m, yaw in rad


def moved(pose: Pose, motion: Sequence[float], duration_s: float) -> Pose:
    """Return the pose after a time at a constant motion vx, vy (m/s), wz (rad/s) in the base's own frame.

    Source: second-order Runge-Kutta of the unicycle; Siciliano et al., "Robotics: Modelling, Planning and
    Control" (2009), section 11.7.
    """
    vx, vy, wz = motion
    middle = pose[2] + 0.5 * wz * duration_s
    cos, sin = math.cos(middle), math.sin(middle)
    x, y = pose[0] + (vx * cos - vy * sin) * duration_s, pose[1] + (vx * sin + vy * cos) * duration_s
    return x, y, pose[2] + wz * duration_s


class Planar:
    """Finds the motion in the plane among the channels of a base.

    Args:
        channels: their names (C,).

    Attributes:
        linear: of each channel whether it moves the base along.
    """

    def __init__(self, channels: Sequence[str]) -> None:
        names = ("vx", "vy", "wz")
        self._columns = [channels.index(name) if name in channels else -1 for name in names]
        self.linear = [name in names[:2] for name in channels]

    def motion(self, values: Sequence[float]) -> tuple[float, float, float]:
        """Return vx, vy (m/s), wz (rad/s) of the channels' values (C,)."""
        vx, vy, wz = (0.0 if column < 0 else float(values[column]) for column in self._columns)
        return vx, vy, wz

    def path(self, pose: Pose, values: Iterable[Sequence[float]], dt_s: float) -> list[Pose]:
        """Return the poses after each of some ticks."""
        poses = []
        for value in values:
            pose = moved(pose, self.motion(value), dt_s)
            poses.append(pose)
        return poses


class Whereabouts:
    """Dead reckoning from the newest measured pose, along the commands since then.

    Args:
        channels: names of what is commanded (C,).
        base: says which sensor measures its pose; None for a body that stays where it is.

    Attributes:
        planar: finds the motion among them.
    """

    def __init__(self, channels: Sequence[str], base: Base | None) -> None:
        self.planar, self._base = Planar(channels), base
        self.forget()

    def forget(self) -> None:
        """Know nothing, as after a reset."""
        self._pose: Pose | None = None
        self._stamp_ns = 0
        self._commands: deque[tuple[int, tuple[float, float, float]]] = deque(maxlen=KEPT)

    def see(self, sensor: str, values: FloatArray | None, stamp_ns: int) -> str:
        """Take a reading (n,), of any sensor; return why nothing of it can be used, or ""."""
        if self._base is None or sensor != self._base.sensor or values is None:
            return ""
        x, y, yaw = (float(value) for value in self._base.pose(values))
        if not all(map(math.isfinite, (x, y, yaw))):
            return f"got the pose {[x, y, yaw]}, expected finite numbers"
        self._pose, self._stamp_ns = (x, y, yaw), stamp_ns
        return ""

    def note(self, command: FloatArray, now_ns: int) -> None:
        """Take what is commanded (C,) from `now_ns` on."""
        self._commands.append((now_ns, self.planar.motion(command.tolist())))

    def at(self, now_ns: int) -> Pose | None:
        """Return the pose at `now_ns`; None before the first measurement."""
        if self._pose is None:
            return None
        since, until_ns = [], now_ns
        for begin_ns, motion in reversed(self._commands):  # most of them ended before it was measured
            since.append((min(until_ns, now_ns) - max(begin_ns, self._stamp_ns), motion))
            if begin_ns <= self._stamp_ns:
                break
            until_ns = begin_ns
        pose = self._pose
        for duration_ns, motion in reversed(since):
            if duration_ns > 0:
                pose = moved(pose, motion, duration_ns / 1e9)
        return pose
