# SPDX-License-Identifier: Apache-2.0
"""Where a base is by now: by measurement and by command."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ami_ros.body.leap import excess
from ami_ros.body.limits import ChannelLimits
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.settings import SafetySettings
from ami_ros.types import FloatArray

KEPT = 1000  # commands at least: more than a pose may be old
WAY = 0.3  # m, after which a pose is compared with the commands; a turn counts with the base's radius
UNSURE = 0.15  # share of the commanded way by which `led_to` may be off
SLIDING = 0.15  # m of commanded way over which sliding is measured
Pose = tuple[float, float, float]  # x, y in m, yaw in rad
Motion = tuple[float, float, float]  # vx, vy in m/s, wz in rad/s, in the base's own frame


def moved(pose: Pose, motion: Motion, duration_s: float) -> Pose:
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

    def motion(self, values: Sequence[float]) -> Motion:
        """Return vx, vy (m/s), wz (rad/s) of the channels' values (C,)."""
        vx, vy, wz = (0.0 if column < 0 else float(values[column]) for column in self._columns)
        return vx, vy, wz

    def fastest(self, limits: ChannelLimits) -> FloatArray:
        """Return how fast x, y (m/s) and yaw (rad/s) can change (3,); infinite where nothing limits it."""
        bounds = [bound for bound in (limits.lower, limits.upper) if bound is not None]
        count = len(self.linear)
        largest = np.abs(np.stack(bounds)).max(axis=0) if len(bounds) == 2 else np.full(count, np.inf)
        vx, vy, wz = self.motion(largest.tolist())
        along = math.hypot(vx, vy)
        return np.array([along, along, wz])

    def path(self, pose: Pose, values: Iterable[Sequence[float]], dt_s: float) -> list[Pose]:
        """Return the poses after each of some ticks."""
        poses = []
        for value in values:
            pose = moved(pose, self.motion(value), dt_s)
            poses.append(pose)
        return poses


def followed(pose: Pose, begin: Pose, end: Pose) -> Pose:
    """Apply the motion that leads from one pose to another, seen in its own frame, to a pose."""
    cos, sin = math.cos(pose[2] - begin[2]), math.sin(pose[2] - begin[2])
    x, y = end[0] - begin[0], end[1] - begin[1]
    return pose[0] + cos * x - sin * y, pose[1] + sin * x + cos * y, pose[2] + end[2] - begin[2]


class Travelled(NamedTuple):
    """What commands have led to since they began.

    Attributes:
        pose: relative to where the base was then.
        way: m, along.
        turn: rad, either way.
    """

    pose: Pose
    way: float
    turn: float

    def on(self, motion: Motion, duration_s: float) -> Travelled:
        """Return what a motion leads to from here."""
        way, turn = math.hypot(motion[0], motion[1]) * duration_s, abs(motion[2]) * duration_s
        return Travelled(moved(self.pose, motion, duration_s), self.way + way, self.turn + turn)


NOWHERE = Travelled((0.0, 0.0, 0.0), 0.0, 0.0)


class CommandedWay:
    """The way that commands describe, summed up as they come: any look back costs the same."""

    def __init__(self) -> None:
        self._times_ns: list[int] = []
        self._begun: list[tuple[Travelled, Motion]] = []

    def note(self, motion: Motion, now_ns: int) -> None:
        """Note the motion in force from `now_ns` on; one at an earlier time replaces what follows it."""
        while self._times_ns and self._times_ns[-1] >= now_ns:
            self._times_ns.pop()
            self._begun.pop()
        self._begun.append((self.at(now_ns), motion))
        self._times_ns.append(now_ns)
        if len(self._times_ns) >= 2 * KEPT:
            del self._times_ns[:KEPT], self._begun[:KEPT]

    def at(self, time_ns: int) -> Travelled:
        """Return where the commands had led by a time; before the first one nothing moves."""
        index = bisect_right(self._times_ns, time_ns) - 1
        if index < 0:
            return self._begun[0][0] if self._begun else NOWHERE
        travelled, motion = self._begun[index]
        return travelled.on(motion, (time_ns - self._times_ns[index]) / 1e9)


class Whereabouts:
    """Where a base may be by now: where it was measured to be, and where its commands have led it.

    A pose is explained when its way differs from that of the commands by no more than slip and noise. Each
    `WAY` is judged by itself: over less, noise would dominate. While poses are explained, the two places are
    one. A pose that is wrong, stands still or leaps moves them apart, and so does a base that is blocked,
    carried or slides. The gate cannot know which of the two is true: a safe check uses both. Explained poses
    bring them together again, as far as the base has moved with them; a leap needs an operator.

    Args:
        body: which sensor measures the pose of its base, and how fast that can move.
        settings: how far poses may be off.

    Attributes:
        planar: finds the motion among the channels.
        fastest: (3,) largest velocity of x, y (m/s) and yaw (rad/s).
        unsure: how far `led_to` may be off, m: it is only as good as the base followed the commands.
        sliding: how far the base drifts off its way, x and y in m per m; as along a wall.
        still: commanded m and rad since the measured pose last changed.
    """

    def __init__(self, body: GateBody, settings: SafetySettings) -> None:
        self.planar, self._base = Planar(body.channels), body.base
        self.fastest = self.planar.fastest(body.limits)
        self._slip, self._noise = settings.pose_slip, settings.pose_noise
        self._jump = settings.pose_jump
        self._per_rad = 0.0 if body.base is None else body.base.radius  # m of way that a turn counts for
        self.forget()

    def forget(self) -> None:
        """Forget everything, as after a reset."""
        self._pose: Pose | None = None
        self._led: Pose | None = None
        self._raw: Pose | None = None
        self._stamp_ns = 0
        self._commands = CommandedWay()
        self.trust()

    def trust(self) -> None:
        """Trust the measured pose, as after an operator has looked."""
        self._led, self._leapt = self._pose, False
        self.still = self.unsure = 0.0
        self.sliding = (0.0, 0.0)
        self._slid: deque[tuple[float, float, float]] = deque()  # recent: way, and drift in x and y off it, m
        self._compare_from_here()

    def _compare_from_here(self) -> None:
        self._from, self._led_from, self._expected = self._pose, self._led, self._pose
        self._way = self._turn = 0.0

    @property
    def explained(self) -> bool:
        """Whether the commands explain the measured poses: both places are one."""
        return self._led_from == self._from

    def see(self, values: FloatArray, stamp_ns: int) -> Pose | None:
        """Take a reading (n,) of the sensor that measures the pose; return the pose, its yaw unwrapped.

        None if it is not finite. Neither that nor a reading older than the one before shows the present pose.
        """
        if self._base is None:
            return None
        x, y, yaw = (float(value) for value in self._base.pose(values))
        raw: Pose = x, y, yaw
        if not all(map(math.isfinite, raw)):
            return None
        before, before_ns = self._pose, self._stamp_ns
        if before is None:
            self._pose, self._raw, self._stamp_ns = raw, raw, stamp_ns
            self.trust()
            return raw
        pose = x, y, before[2] + math.remainder(yaw - before[2], math.tau)
        if stamp_ns > before_ns:
            repeats, self._raw = raw == self._raw, raw
            self._pose, self._stamp_ns = pose, stamp_ns
            self._compare(before, before_ns, repeats)
        return pose

    def _compare(self, before: Pose, before_ns: int, repeats: bool) -> None:
        """Compare the newest pose with the commands since the one before it."""
        pose, begin, end = (
            self._pose or before,
            self._commands.at(before_ns),
            self._commands.at(self._stamp_ns),
        )
        expected, told, led = (
            followed(it, begin.pose, end.pose)
            for it in (self._expected or before, before, self._led or before)
        )
        way, turn = end.way - begin.way, end.turn - begin.turn
        self.still = self.still + max(way, turn) if repeats else 0.0
        if way > 0.0:
            self._slide(way, pose[0] - told[0], pose[1] - told[1])
        elapsed_s = (self._stamp_ns - before_ns) / 1e9
        self._leapt |= bool(
            (excess(np.array(before), np.array(pose), elapsed_s, self.fastest, self._jump) > 0.0).any()
        )
        self._expected, self._led = expected, led
        self._way, self._turn = self._way + way, self._turn + turn
        self._judge(pose, expected)

    def _slide(self, way: float, x: float, y: float) -> None:
        """Note a way and the drift off it, m; what may be noise is no sliding."""
        self._slid.append((way, x, y))
        while sum(one[0] for one in self._slid) - self._slid[0][0] >= SLIDING:
            self._slid.popleft()
        gone, x, y = (sum(values) for values in zip(*self._slid, strict=True))
        if math.hypot(x, y) > self._noise:
            self.sliding = x / gone, y / gone
        elif gone >= SLIDING:
            self.sliding = 0.0, 0.0

    def _judge(self, pose: Pose, expected: Pose) -> None:
        """Judge the way so far: at once if it is unexplained, else when it is long enough."""
        gone = self._way + self._per_rad * self._turn
        most_m, most_rad = (self._way, self._turn) if gone >= WAY else (WAY, WAY / max(self._per_rad, WAY))
        gap_m, gap_rad = math.dist(pose[:2], expected[:2]), abs(pose[2] - expected[2])
        if gap_m > self._noise + self._slip * most_m or gap_rad > self._noise + self._slip * most_rad:
            self.unsure += UNSURE * gone
            self._compare_from_here()
        elif gone >= WAY:
            if self.explained:
                self._led, self._leapt = pose, False
            else:
                self._led = followed(self._led_from or pose, self._from or pose, pose)
                self._come_together(self._led, pose, 0.0 if self._leapt else gone)
            self._compare_from_here()

    def _come_together(self, led: Pose, pose: Pose, gone: float) -> None:
        apart = math.dist(led[:2], pose[:2]) + self._per_rad * abs(led[2] - pose[2])
        if apart <= gone:
            self._led, self.unsure = pose, 0.0
            return
        share = gone / apart
        x, y, yaw = (a + share * (b - a) for a, b in zip(led, pose, strict=True))
        self._led, self.unsure = (x, y, yaw), (1.0 - share) * self.unsure

    def note(self, command: FloatArray, now_ns: int) -> None:
        """Note the command (C,) in force from `now_ns` on."""
        self._commands.note(self.planar.motion(command.tolist()), now_ns)

    def at(self, now_ns: int) -> Pose | None:
        """Return the pose at `now_ns` by measurement; None before the first measurement."""
        return self._after(self._pose, now_ns)

    def led_to(self, now_ns: int) -> Pose | None:
        """Return the pose at `now_ns` by command; None before the first measurement."""
        return self._after(self._led, now_ns)

    def _after(self, pose: Pose | None, now_ns: int) -> Pose | None:
        """Return where a pose at the newest stamp has moved by now."""
        if pose is None:
            return None
        return followed(pose, self._commands.at(self._stamp_ns).pose, self._commands.at(now_ns).pose)
