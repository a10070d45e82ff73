# SPDX-License-Identifier: Apache-2.0
"""Detects whether the robot gets closer to its goal or loses the way it came, and what is missing.

Never reads a clock.
"""

from __future__ import annotations

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Goal

CLOSER = 0.95  # of the smallest distance so far: less is noise
LOST = 0.5  # share of the way that it had come: more is a setback
STEADY = 3  # observations in a row that show a setback: one may be a bad picture
OFF = 0.05  # rad or m: a joint further from its goal is named
TURNED_DEG = 5.0
MOST_NAMED = 3


class ProgressWatch:
    """Measures how long the distance to the goal has not decreased, and counts attempts.

    An attempt ends with a setback: the robot had come half of the way to the goal, and more than half of that
    is lost again, as when a block slips from the hand, or somebody takes it away.

    Args:
        patience_s: duration that is not unusual, as on the way around an object.
        attempts: number of attempts that is not unusual.

    Attributes:
        attempt: number of the current attempt since the last goal or arrival, from 1 on.
        lost_at: distance to the goal that the attempt before had reached, in control steps; inf in the first.
    """

    def __init__(self, patience_s: float, attempts: int) -> None:
        self._patience_ns, self._attempts = round(patience_s * 1e9), attempts
        self.restart()

    @property
    def exhausted(self) -> bool:
        """Whether all attempts have ended with a setback."""
        return self.attempt > self._attempts

    def restart(self) -> None:
        """Start again, as with another goal."""
        self.arrive(float("inf"))
        self._furthest = float("inf")

    def arrive(self, distance: float) -> None:
        """Note that the goal is reached. Attempts count from 1 again; leaving the goal is a setback."""
        self.attempt, self.lost_at = 1, float("inf")
        self._reached, self._setbacks = distance, 0
        self._wait()

    def _wait(self) -> None:
        """Wait for progress from now on."""
        self._closest = float("inf")
        self._since_ns: int | None = None

    def stuck_s(self, distance: float, stamp_ns: int, detour: bool = False) -> float:
        """Return for how many seconds the robot has come no closer; 0 within the patience.

        Args:
            distance: current distance to the goal, in control steps.
            stamp_ns: stamp of the observation.
            detour: the robot is on a route: moving away from the goal is not a setback.
        """
        if self._is_setback(distance, detour):
            self.attempt, self.lost_at = self.attempt + 1, self._reached
            self._furthest, self._reached, self._setbacks = distance, distance, 0
            self._wait()
        if self._since_ns is None or distance < CLOSER * self._closest or stamp_ns < self._since_ns:
            self._closest, self._since_ns = distance, stamp_ns
        waited_ns = stamp_ns - self._since_ns
        return waited_ns / 1e9 if waited_ns > self._patience_ns else 0.0

    def _is_setback(self, distance: float, detour: bool) -> bool:
        if self._furthest == float("inf"):
            self._furthest = distance
        self._reached = min(distance, self._reached)
        came = self._furthest - self._reached
        is_lost = came > LOST * self._furthest and distance > self._reached + LOST * came
        self._setbacks = self._setbacks + 1 if is_lost and not detour else 0
        return self._setbacks == STEADY


def what_is_missing(goal: Goal, joint_position: FloatArray, spec: RobotSpec, kinematics: Kinematics) -> str:
    """Return what keeps the robot from a joint goal; empty for an image goal, whose joints are unknown.

    Actions move the tip, the hand keeps its orientation unless that is free, and the elbow follows: see
    `Kinematics.step`. A posture with another hand or elbow is out of reach, although its tip may not be.

    Args:
        goal: the pursued goal.
        joint_position: (J,) current positions, rad or m.
        spec: the robot.
        kinematics: kinematics of the robot.
    """
    wanted = goal.vectors.get(spec.joint_sensor)
    if wanted is None:
        return ""
    gaps = wanted - joint_position
    worst = [index for index in np.argsort(-np.abs(gaps))[:MOST_NAMED] if abs(gaps[index]) > OFF]
    named = ", ".join(f"{spec.joint_names[index]} {gaps[index]:+.2f}" for index in worst)
    text = f"; remaining (rad or m): {named}" if named else ""
    tip, hand = kinematics.forward(wanted)
    turn = hand @ kinematics.forward(spec.home)[1].T
    turned_deg = float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))))
    if turned_deg > TURNED_DEG and spec.orientation == "kept":
        text += (
            f"; the goal turns the hand by {turned_deg:.0f} degrees, but the arm keeps its orientation at "
            "home"
        )
    outside = float(np.abs(tip - np.clip(tip, *spec.workspace)).max())
    if outside > 0.0:
        text += f"; the goal's tip is {outside:.3f} m outside the workspace"
    return text
