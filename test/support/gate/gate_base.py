# SPDX-License-Identifier: Apache-2.0
"""A base behind a gate: it slips, slides, is blocked and pushed, and its pose lies; the judge knows where it truly is."""

from __future__ import annotations

import math

import numpy as np
from bodies.driven_base import ALL_LIMITS, CHANNELS, DT_S, FASTEST, MAX_AGE_S, base_body, outside
from gate_channels import ChannelPlant
from gate_plant import TICK_NS

from ami_ros.types import Command, FloatArray

POSE_TICKS = 2
NOISE = (0.01, 0.01, 0.005)  # m, m, rad: standard deviation
SLIP = (0.04, 0.18)  # shares of a way straight on, and of a turn on the spot, by which wheels may slip
LIES = ("frozen", "scaled", "leapt", "drifting", "silent", "nan", "late", "future")
OPEN = ("silent", "nan", "late", "future")  # of them, which hold by the message alone
STILL = 0.1  # m of commands in which a pose may stay the same to the last bit
SCALE = 0.34  # of the way: what a scaled pose tells at most
# How far the footprint may get outside, m. A base is kept by poses with noise, and slides before that is seen. The
# way in which a lie begins still counts as explained.
HONEST, SLIDING, LYING = 0.05, 0.07, 0.21
NEAR = 0.5  # m from the border: a gentle stop may be too slow for what a noisy pose tells there
LIED_TICKS = 100  # in which a base still goes where a lie has led it
PUSHED_TICKS = 60  # a push ends anywhere; then it may not get further out


class BasePlant(ChannelPlant):
    """A base in an L-shaped area.

    Attributes:
        pose: (3,) where it truly is: x, y (m) and yaw (rad).
        lie: one of LIES, or "".
        blocked: share of its motion that something in the way takes.
        slides: (2,) m per m of its way that it gets next to what it is told, x and y.
    """

    def __init__(self, seed: int, pose: FloatArray, limits: int = 0, tracking_error: float = 1.5) -> None:
        self._generator = np.random.default_rng(seed)
        self.pose, self.lie, self.blocked = np.array(pose, dtype=np.float64), "", 0.0
        self.slides: FloatArray = np.zeros(2)
        self._slip = self._generator.uniform(0.0, SLIP)
        self._told, self._offset = self.pose.copy(), np.zeros(3)
        self._good_ns = -(2**62)
        self._way, self._way_of_still = (
            0.0,
            0.0,
        )  # m, since the last pose; while it was the same again and again
        self._worst, self._excused, self._lied, self._tolerance = -math.inf, 0, 0, HONEST
        super().__init__(base_body(ALL_LIMITS[limits]), tracking_error=tracking_error)

    def begin_lie(self, lie: str) -> None:
        """Let the pose lie from now on."""
        self.lie, self._told = lie, self.pose.copy()
        self._offset = np.zeros(3)
        if lie == "leapt":
            angle = self._generator.uniform(-math.pi, math.pi)
            far = self._generator.uniform(0.3, 2.0)
            self._offset = np.array([far * math.cos(angle), far * math.sin(angle), 0.0])

    def mend(self) -> None:
        super().mend()
        self.lie, self._offset, self.blocked, self.slides = "", np.zeros(3), 0.0, np.zeros(2)

    def push(self, by: FloatArray) -> None:
        """Put it elsewhere: by (3,) m and rad. How far it may be outside begins anew."""
        self.pose = self.pose + by
        self._excused = PUSHED_TICKS

    def _feed(self) -> None:
        if self.ticks % POSE_TICKS or self.lie == "silent":
            return
        noise = self._generator.standard_normal(3) * NOISE
        told, stamp_ns = self.pose + noise + self._offset, self.now_ns
        self._way_of_still = self._way_of_still + self._way if self.lie == "frozen" else 0.0
        self._way = 0.0
        if self.lie == "frozen":
            told = self._told
        elif self.lie == "scaled":
            told = self._told + SCALE * (self.pose - self._told) + noise
        elif self.lie == "drifting":  # where nobody has sent it: back to where it began, and beyond
            told = self._told - 0.5 * (self.pose - self._told) + noise
        elif self.lie == "late":
            stamp_ns -= 800_000_000
        elif self.lie == "future":
            stamp_ns += 400_000_000
        values = np.array(told)[[2, 0, 1]]
        values[0] = math.remainder(values[0], math.tau)
        if self.lie == "nan":
            values[int(self._generator.integers(3))] = math.nan
        content = hash(values.tobytes())
        self.gate.see_vector("pose", content, stamp_ns, self.now_ns, values)
        if self.lie not in OPEN:
            self._good_ns = self.now_ns

    def _must_hold(self) -> list[str]:
        age_s = (self.now_ns - self._good_ns) / 1e9
        still = self._way_of_still
        return [
            *([f"a pose of {age_s} s"] if age_s > MAX_AGE_S else []),
            *([f"the same pose for {still} m"] if still > STILL else []),
        ]

    def _begins_at(self) -> FloatArray | None:
        return np.zeros(len(CHANNELS))

    def _obey(self, command: Command | None) -> None:
        vx, wz = (0.0, 0.0) if command is None else command.position
        self._way += abs(vx) * DT_S
        vx, wz = vx * (1.0 - self._slip[0]), wz * (1.0 - self._slip[1])
        aside = self.slides * abs(vx) * DT_S
        vx, wz = vx * (1.0 - self.blocked), wz * (1.0 - self.blocked)
        middle = self.pose[2] + 0.5 * wz * DT_S
        self.pose = self.pose + np.array(
            [vx * DT_S * math.cos(middle) + aside[0], vx * DT_S * math.sin(middle) + aside[1], wz * DT_S]
        )
        self._judge_place()

    def _judge_place(self) -> None:
        now = outside(self.pose[:2])
        self._lied = LIED_TICKS if self.lie else max(0, self._lied - 1)
        self._tolerance = max(
            HONEST if not self.slides.any() else SLIDING,
            LYING if self._lied else 0.0,
            self._tolerance if now > HONEST else 0.0,  # what a lie has left goes when it is back
        )
        if now > -NEAR:
            self.oracle.excuse_full_stop()
        self._worst = now if self._excused else min(max(now, 0.0), max(self._worst, 0.0))
        self._excused = max(0, self._excused - 1)
        self.expect(
            now <= max(self._worst, 0.0) + self._tolerance,
            "outside by {}, was {} ({})",
            now,
            self._worst,
            self.lie,
        )

    def _forgotten(self) -> None:
        super()._forgotten()
        self._good_ns, self._way, self._way_of_still = -(2**62), 0.0, 0.0

    def toward_border(self, straight: float) -> None:
        """Send it on at full speed, turning as it goes."""
        self.goal = np.array([FASTEST[0], straight * FASTEST[1]])


def ticks_of(seconds: float) -> int:
    """Return how many ticks that is."""
    return round(seconds * 1e9 / TICK_NS)
