# SPDX-License-Identifier: Apache-2.0
"""A goal that changes over time: what several vector sensors of a plant shall measure, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ami_ros.body.goals.kind import GoalContext, GoalKind
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import GoalError, shown
from ami_ros.types import FloatArray, Goal, Profile, checked_vector

SEPARATOR = "."  # between a sensor and its value
MOST_POINTS = 10_000


class ProfileGoal(GoalKind):
    """Points over time, straight lines between them: a ramp is two points, a step two at almost one time.

    Columns are named as ``sensor.value``, and every value of a sensor has one. Before the first point the
    first one counts, after the last one the last. The header's stamp is time zero; without one it is the
    first observation that is planned from.
    """

    name, description = "profile", "what a plant's sensors should measure over time"
    message, most_bytes = "trajectory_msgs/msg/JointTrajectory", 4_000_000

    def topics(self, spec: RobotSpec) -> Mapping[str, str]:
        """Return one topic for a body with set points, none for another."""
        return {self.name: self.name} if "setpoint" in spec.meanings else {}

    def goal(self, message: Any, subject: str, context: GoalContext) -> Goal:
        """Return the last point as a goal, with the way there.

        Raises:
            GoalError: unknown, missing or repeated names, no points, times that do not increase, numbers
                that are missing or not finite.
        """
        names, points = list(message.joint_names), list(message.points)
        sensors = _sensors(names, context.spec)
        if not 0 < len(points) <= MOST_POINTS:
            raise GoalError(f"profile: got {len(points)} points, expected 1 to {MOST_POINTS}")
        times_ns = np.array(
            [point.time_from_start.sec * 1_000_000_000 + point.time_from_start.nanosec for point in points],
            dtype=np.int64,
        )
        if times_ns[0] < 0 or (np.diff(times_ns) <= 0).any():
            raise GoalError(
                f"profile: time_from_start: got {shown((times_ns[:8] / 1e9).tolist())} s, expected times "
                "that begin at 0 or later and increase"
            )
        rows = np.stack([_row(point, index, len(names)) for index, point in enumerate(points)])
        values = {
            sensor.name: rows[:, [names.index(f"{sensor.name}{SEPARATOR}{value}") for value in sensor.names]]
            for sensor in sensors
        }
        stamp = message.header.stamp
        start_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        span_s = float(times_ns[-1] - times_ns[0]) / 1e9
        about = ", ".join(values)
        return Goal(
            vectors={name: found[-1] for name, found in values.items()},
            label=f"{about}: {len(points)} points over {span_s:g} s" if len(points) > 1 else about,
            profile=Profile(start_ns, times_ns, values),
        )


def _sensors(names: Sequence[str], spec: RobotSpec) -> list[VectorSensor]:
    """Return the sensors that the columns name. Raises GoalError: they name no whole sensors."""
    known = {
        f"{sensor.name}{SEPARATOR}{value}": sensor
        for sensor in spec.vectors_for("model")
        for value in sensor.names
        if not sensor.is_joints
    }
    unknown, twice = [n for n in names if n not in known], sorted({n for n in names if names.count(n) > 1})
    if unknown or twice or not names:
        got = unknown or [f"{name} twice" for name in twice] or "no names"
        raise GoalError(f"profile: joint_names: got {shown(got)}, expected each once: some of {list(known)}")
    about = list(dict.fromkeys(known[name].name for name in names))
    if missing := [name for name, sensor in known.items() if sensor.name in about and name not in names]:
        raise GoalError(
            f"profile: joint_names: got {list(names)}, expected {missing} as well: a goal names every value "
            "of a sensor"
        )
    return [next(sensor for sensor in spec.vectors if sensor.name == name) for name in about]


def _row(point: Any, index: int, count: int) -> FloatArray:
    return checked_vector(point.positions, f"profile: points[{index}].positions", count, GoalError)
