# SPDX-License-Identifier: Apache-2.0
"""What a pump derives from the past: insulin and carbohydrates on the way, and the trend of glucose."""

from __future__ import annotations

import math

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.patients.world import STEP_MIN, Patient, Seen

# Source: Hovorka et al., "Nonlinear model predictive control of glucose concentration in subjects with type 1
# diabetes" (2004), table 1: times to the largest absorption rate, of insulin 55 min and of meals 40 min.
INSULIN_MIN, MEAL_MIN = 55.0, 40.0
TREND_MIN = (15.0, 60.0)  # time constants of the averages of its rate


class Chain:
    """Two equal compartments, one after the other: what enters the first leaves through the second.

    Source: Hovorka et al. (2004), equations for subcutaneous insulin and for the gut, solved for an amount
    that enters at once.

    Args:
        minutes: time constant of each.

    Attributes:
        amounts: (2,) in each.
    """

    def __init__(self, minutes: float) -> None:
        self.amounts: FloatArray = np.zeros(2)
        self._steps = STEP_MIN / minutes

    def add(self, amount: float) -> None:
        """Put an amount into the first one."""
        self.amounts = self.amounts + np.array([amount, 0.0])

    def advance(self) -> None:
        """Let a control step pass."""
        first, second = self.amounts
        self.amounts = math.exp(-self._steps) * np.array([first, second + self._steps * first])


class OnBoard:
    """Follows one patient through a day, from rest.

    Insulin counts beyond the basal rate, in mg/dl: what that lowers glucose by in the end. It is below zero
    after hours of less. Meals are announced ones, in g.

    Args:
        patient: who.

    Attributes:
        trends: (2,) averages of the rate of glucose, mg/dl/h.
    """

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._insulin, self._carbs = Chain(INSULIN_MIN), Chain(MEAL_MIN)
        self._kept = np.exp(-STEP_MIN / np.array(TREND_MIN))
        self.trends: FloatArray = np.zeros(len(TREND_MIN))

    def begin(self, seen: Seen) -> None:
        """Take the first reading of the day."""
        self._carbs.add(seen.carbs)
        self._last = seen.cgm

    def see(self, seen: Seen) -> None:
        """Take the reading after a control step."""
        self._insulin.add(self._patient.cf * seen.insulin - self._patient.basal_effect)
        self._insulin.advance()
        self._carbs.advance()
        self._carbs.add(seen.carbs)
        rate = (seen.cgm - self._last) * 60.0 / STEP_MIN
        self.trends = self._kept * self.trends + (1.0 - self._kept) * rate
        self._last = seen.cgm

    @property
    def insulin(self) -> FloatArray:
        """Below the skin and about to act (2,), mg/dl."""
        return self._insulin.amounts

    @property
    def carbs(self) -> FloatArray:
        """In the stomach and in the gut (2,), g."""
        return self._carbs.amounts
