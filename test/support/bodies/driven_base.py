# SPDX-License-Identifier: Apache-2.0
"""A base that does what it is told, to the millimetre, behind a gate; its poses arrive late."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from gate_timeline import SETTINGS, START_NS, TICK_NS

from ami_ros.body.base import Base
from ami_ros.body.limits import ChannelLimits
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.supervisor import Supervisor
from ami_ros.safety.watched_sensor import VECTOR, WatchedSensor
from ami_ros.types import FloatArray, Trajectory, Verdict
from bodies.wheeled_base import AREA

CHANNELS = ("vx", "wz")
FASTEST, RADIUS, MAX_AGE_S = (0.7, 1.1), 0.45, 0.35
RATE = (1.2, 2.3)  # m/s^2, rad/s^2
ALL_LIMITS = (
    {},
    {"acceleration": (6.0, 9.0)},
    {"acceleration": (6.0, 9.0), "jerk": (120.0, 150.0)},
)
DT_S = TICK_NS / 1e9


def base_body(more: dict | None = None) -> GateBody:
    """Return a base in an L-shaped area, with more limits than on range and rate."""
    limits = {name: None for name in ("lower", "upper", "velocity", "acceleration", "jerk", "effort")}
    own = {"lower": [-v for v in FASTEST], "upper": list(FASTEST), "velocity": list(RATE)}
    own |= {name: list(values) for name, values in (more or {}).items()}
    return GateBody(
        "base",
        CHANNELS,
        ChannelLimits.from_mapping(limits | own, len(CHANNELS), "test"),
        np.zeros(len(CHANNELS)),
        (WatchedSensor("pose", VECTOR, MAX_AGE_S),),
        rest=np.zeros(len(CHANNELS)),
        base=Base(RADIUS, "pose", (1, 2, 0), np.array(AREA)),
    )


def outside(place: FloatArray) -> float:
    """Return how far the footprint is outside of the area, m, without any of the gate's code."""
    corners = np.array(AREA)
    ends = np.roll(corners, -1, axis=0)
    # A dense walk along the border; what is inside is walked around.
    shares = np.linspace(0.0, 1.0, 500)[:, None, None]
    border = (corners + shares * (ends - corners)).reshape(-1, 2)
    distance = float(np.linalg.norm(border - place, axis=1).min())
    turned = 0.0
    for start, end in zip(corners - place, ends - place, strict=True):
        turned += math.atan2(start[0] * end[1] - start[1] * end[0], float(start @ end))
    inside = abs(turned) > math.pi
    return RADIUS - distance if inside else RADIUS + distance


class DrivenBase:
    """A gate and its base on a timeline.

    Args:
        pose: (3,) at the start, x, y (m) and yaw (rad).
        limits: one of ALL_LIMITS.
        delay: ticks that a pose takes to arrive.
    """

    def __init__(self, pose: tuple[float, ...], limits: dict | None = None, delay: int = 0) -> None:
        self.gate = Supervisor(base_body(limits), SETTINGS)
        self.pose, self.now_ns = np.array(pose, dtype=np.float64), START_NS
        self.command = np.zeros(len(CHANNELS))
        self._late: deque[tuple[int, FloatArray]] = deque(maxlen=delay + 1)
        self.silent = False

    def propose(self, *points: tuple[float, float], step_s: float = 0.2) -> Verdict:
        """Submit velocities that are to be reached, one after the other, `step_s` apart, from now on."""
        values = np.array([self.command, *points])
        times = np.arange(len(values), dtype=np.int64) * round(step_s * 1e9)
        return self.gate.submit(Trajectory(CHANNELS, values, times, self.now_ns), self.now_ns)

    def tick(self, count: int = 1) -> Verdict:
        """Let time pass; returns the last verdict."""
        verdict = None
        for _ in range(count):
            self._late.append((self.now_ns, self.pose[[2, 0, 1]]))
            if not self.silent and len(self._late) == self._late.maxlen:
                stamp_ns, values = self._late[0]
                self.gate.see_vector("pose", stamp_ns, stamp_ns, self.now_ns, values)
            self.gate.see_planner_alive(self.now_ns)
            command, verdict = self.gate.tick(self.now_ns)
            self.command = np.zeros(len(CHANNELS)) if command is None else command.position
            self._move()
            self.now_ns += TICK_NS
        assert verdict is not None
        return verdict

    def _move(self) -> None:
        """Drive for a tick along the exact arc."""
        (vx, wz), yaw = self.command, self.pose[2]
        turn = wz * DT_S
        if abs(turn) < 1e-9:
            self.pose = self.pose + np.array([vx * DT_S * math.cos(yaw), vx * DT_S * math.sin(yaw), turn])
            return
        radius = vx / wz
        way = radius * np.array([math.sin(yaw + turn) - math.sin(yaw), math.cos(yaw) - math.cos(yaw + turn)])
        self.pose = self.pose + np.array([*way, turn])

    @property
    def outside(self) -> float:
        """How far the footprint is outside of the area, m."""
        return outside(self.pose[:2])
