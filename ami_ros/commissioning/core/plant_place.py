# SPDX-License-Identifier: Apache-2.0
"""Where a plant is: what its sensors measure, and the set points in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ami_ros.body.goals.profile import SEPARATOR
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.exploration.box_territory import setpoint_speeds
from ami_ros.types import FloatArray, Observation

if TYPE_CHECKING:
    from ami_ros.commissioning.core.settings import CommissionSettings

COMMANDED = "set_points"  # the reading of the output's topic, where no sensor measures the set points


class PlantPlace:
    """Implements `Place` by V measured values, then C set points: these say where it is led to.

    What it may do is a share of each range, around the set points of the first goal, and never less than the
    way to the values that a hold leads to. A goal at a share of the authority is as far from the first one.

    Args:
        spec: a body whose groups are all set points.
    """

    sensor_fault = "vector_silent"
    by_hand = ("stop the readings of a sensor now", "let the readings go on")
    taken, authority = "readings", "the ranges"

    def __init__(self, spec: RobotSpec) -> None:
        self._spec, (self._feedback, self._columns) = spec, _feedback(spec)
        vectors = [vector for vector in spec.vectors_for("model") if vector.name != self._feedback]
        self._measured = [vector.name for vector in vectors]
        self.sensors = (*self._measured, *([self._feedback] if self._feedback else []))
        self.hears_commands = not self._feedback
        self.units = {
            f"{vector.name}{SEPARATOR}{value}": unit for vector in vectors for value, unit in vector.values
        }
        self._values = len(self.units)
        self._range = 2.0 * spec.actions.half_range
        self._step = setpoint_speeds(spec) * spec.step_ns / 1e9

    def of(self, observation: Observation) -> FloatArray:
        """Return the measured values, then the set points (V + C,)."""
        where = observation[self._feedback or COMMANDED].value
        set_points = where[self._columns] if self._feedback else where
        return np.concatenate([*(observation[name].value for name in self._measured), set_points])

    def point(self, here: FloatArray) -> FloatArray:
        """Return the set points (C,) as shares of their ranges."""
        share: FloatArray = here[self._values :] / self._range
        return share

    def gaps(self, here: FloatArray, there: FloatArray) -> dict[str, float]:
        """Return the differences of the measured values, each in its unit."""
        away = np.abs(there - here)[: self._values]
        return dict(zip(self.units, away.tolist(), strict=True))

    def stir(self, one: FloatArray, other: FloatArray) -> float:
        """Return the largest motion of a set point, as a share of its range: measured values follow late."""
        return float(np.abs(self.point(other) - self.point(one)).max())

    def way(self, here: FloatArray, there: FloatArray) -> FloatArray:
        """Return the way between the set points of two places (C,)."""
        steps: FloatArray = (there - here)[self._values :] / self._step
        return steps

    def planned(self, points: FloatArray, here: FloatArray) -> FloatArray:
        """Return the way from the set points in force to the first ones proposed."""
        steps: FloatArray = (points[1] - here[self._values :]) / self._step
        return steps

    def may_stay(
        self, before: FloatArray, here: FloatArray, goals: Sequence[FloatArray], share: float
    ) -> bool:
        """Return whether the plant has settled: only then can it be brought here again, and stay.

        Set points have not moved since `before`, and measured values by less than a share of what they have
        ranged over in `goals` and these two.
        """
        if self.stir(before, here) > share:
            return False
        span = np.ptp(np.stack([before, here, *goals])[:, : self._values], axis=0)
        return not goals or bool((np.abs(here - before)[: self._values] <= share * span).all())

    def within(self, wanted: CommissionSettings, goals: Sequence[FloatArray]) -> dict[str, float]:
        """Return a share of what each value ranges over in the goals."""
        span = np.ptp(np.stack(goals)[:, : self._values], axis=0)
        return dict(zip(self.units, (wanted.within_share * span).tolist(), strict=True))

    def near(self, wanted: CommissionSettings) -> float:
        """Return the share of the ranges within which set points are alike."""
        return 2.0 * wanted.within_share

    def limits(self, share: float, first: FloatArray) -> Mapping[str, int | float | str | list[float]]:
        """Return the ranges that the gate allows at a share of the authority."""
        spec, centre = self._spec, first[self._values :]
        inside = [centre + share * (spec.actions.low - centre), centre + share * (spec.actions.high - centre)]
        still = spec.at_standstill(centre)
        lower, upper = np.minimum(inside[0], still), np.maximum(inside[1], still)
        lower, upper = np.maximum(lower, spec.actions.low), np.minimum(upper, spec.actions.high)
        return {"limit_lower": lower.tolist(), "limit_upper": upper.tolist()}

    def goal_at(self, share: float, goal: FloatArray, first: FloatArray) -> FloatArray:
        """Return a place on the line from the first one to a goal: of a linear plant, a place it can keep."""
        at: FloatArray = first + share * (goal - first)
        return at

    def patience_s(self, goal_s: float, share: float) -> float:
        """Return the time for a goal, s: a plant with less authority is not slower."""
        return goal_s

    def shown(self, goal: FloatArray) -> dict[str, float]:
        """Return the measured values of a goal by the names in `units`."""
        return dict(zip(self.units, goal[: self._values].tolist(), strict=True))


def _feedback(spec: RobotSpec) -> tuple[str, list[int]]:
    """Return the sensor of the set points of every group, and their columns; "" where none measures all."""
    found = [group.feedback(spec.sensors) for group in spec.groups]
    if len({name for name, _ in found}) > 1 or not found[0][0]:
        return "", []
    return found[0][0], [column for _, columns in found for column in columns]
