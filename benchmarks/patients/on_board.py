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
UNEXPLAINED_MIN = (120.0, 480.0)  # the same of that part of it which nothing on board explains
EFFECT_MIN = 720.0  # time constant of what is known of this patient's ratios
RATIO_STD = 0.3  # of patients' true ratios next to those in the tables
# mg/dl that the two leave unexplained in a control step: more than is seen, for one step errs as the next.
STEP_STD = 24.0


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

    def let_through(self, amount: float) -> float:
        """Put an amount into the first one, let a control step pass, and return what left the second one."""
        before = float(self.amounts.sum()) + amount
        self.add(amount)
        self.advance()
        return before - float(self.amounts.sum())


class OnBoard:
    """Follows one patient through a day, from rest.

    Insulin counts beyond the basal rate, in mg/dl: what that lowers glucose by in the end. It is below zero
    after hours of less. Meals are announced ones, in g.

    Args:
        patient: who.

    Attributes:
        trends: (2,) averages of the rate of glucose, mg/dl/h.
        effects: (2,) of a gram and of a unit, next to the patient's ratios: 1 where those are right.
        unexplained: (2,) averages of what is left of it without insulin and carbohydrates that act, mg/dl/h:
            ratios that are wrong for this patient, and meals that nobody announced.
    """

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._insulin, self._carbs = Chain(INSULIN_MIN), Chain(MEAL_MIN)
        self._kept = np.exp(-STEP_MIN / np.array(TREND_MIN))
        self._kept_unexplained = np.exp(-STEP_MIN / np.array(UNEXPLAINED_MIN))
        self._squares: FloatArray = np.zeros((2, 2))
        self._products: FloatArray = np.zeros(2)
        self.effects: FloatArray = np.ones(2)
        self.trends: FloatArray = np.zeros(len(TREND_MIN))
        self.unexplained: FloatArray = np.zeros(len(UNEXPLAINED_MIN))

    def begin(self, seen: Seen) -> None:
        """Take the first reading of the day."""
        self._carbs.add(seen.carbs)
        self._last = seen.cgm

    def see(self, seen: Seen) -> None:
        """Take the reading after a control step."""
        per_h = 60.0 / STEP_MIN
        lowers = self._insulin.let_through(self._patient.cf * seen.insulin - self._patient.basal_effect)
        raises = self._patient.rise * self._carbs.let_through(0.0)
        self._carbs.add(seen.carbs)
        rate = (seen.cgm - self._last) * per_h
        self.trends = self._kept * self.trends + (1.0 - self._kept) * rate
        self._learn(np.array([raises, -lowers]), seen.cgm - self._last)
        left, kept = rate - (raises - lowers) * per_h, self._kept_unexplained
        self.unexplained = kept * self.unexplained + (1.0 - kept) * left
        self._last = seen.cgm

    def _learn(self, expected: FloatArray, change: float) -> None:
        """Fit the two effects to what was seen: least squares with a prior, and forgetting.

        Args:
            expected: (2,) change of glucose by carbohydrates and by insulin in a control step, mg/dl.
            change: as measured, mg/dl.

        Source: Ljung, "System identification: theory for the user" (1999), section 11.2.
        """
        kept, prior = math.exp(-STEP_MIN / EFFECT_MIN), (STEP_STD / RATIO_STD) ** 2
        self._squares = kept * self._squares + np.outer(expected, expected)
        self._products = kept * self._products + expected * (change - expected.sum())
        away = np.linalg.solve(self._squares + prior * np.eye(2), self._products)
        self.effects = np.asarray(1.0 + away, dtype=np.float64)

    @property
    def insulin(self) -> FloatArray:
        """Below the skin and about to act (2,), mg/dl."""
        return self._insulin.amounts

    @property
    def carbs(self) -> FloatArray:
        """In the stomach and in the gut (2,), g."""
        return self._carbs.amounts
