# SPDX-License-Identifier: Apache-2.0
"""What set points do to show a plant: steps that are kept, and every other time a multi-sine around them."""

from __future__ import annotations

import math

import numpy as np

from ami_ros.exploration.cells import Cells
from ami_ros.exploration.settings import ExplorerSettings
from ami_ros.types import FloatArray

TONES = 4  # of a multi-sine
SHORTEST = 4.0  # control steps: period of its fastest tone


class Excitation:
    """Chooses set points (A,) around those that were in force at the beginning.

    Args:
        lower: of the set points (A,).
        upper: of the set points (A,).
        fastest: how fast they may change (A,), units/s.
        settings: steps, multi-sines, and how far they go.
        step_s: duration of a control step, s.
        turn_s: how long the plant needs to turn a value around, s; 0: unknown.
        generator: random numbers.
    """

    def __init__(
        self,
        lower: FloatArray,
        upper: FloatArray,
        fastest: FloatArray,
        settings: ExplorerSettings,
        step_s: float,
        turn_s: float,
        generator: np.random.Generator,
    ) -> None:
        self._lower, self._upper, self._fastest, self._settings = lower, upper, fastest, settings
        self._step_s, self._generator = step_s, generator
        self._keep_s = max(settings.keep_steps * step_s, settings.keep_turns * turn_s)
        self._centre: FloatArray | None = None
        self.rest()

    def rest(self) -> None:
        """Choose again, as after a hold; the operating point stays."""
        self._target: FloatArray | None = None
        self._reached_s, self._number = math.inf, 0
        self._rates = self._phases = np.zeros((TONES, 1))
        self.is_leading_back = False

    def forget(self) -> None:
        """Take the next set points as the operating point, as after a reset."""
        self._centre = None
        self.rest()

    def begin(self, place: FloatArray) -> FloatArray:
        """Return the operating point (A,): the place at the first call."""
        if self._centre is None:
            self._centre = np.clip(place, self._lower, self._upper)
        return self._centre

    def places(
        self,
        place: FloatArray,
        now_s: float,
        steps: int,
        known: float,
        near_border: bool,
        cells: Cells,
    ) -> FloatArray:
        """Return the next set points (steps, A).

        Args:
            place: the set points in force (A,).
            now_s: time in motion, s.
            steps: how many.
            known: share of the space, or of the time, that is behind: the more, the further and faster.
            near_border: whether a measured value is near a border of its band.
            cells: of the ranges, with their visits.
        """
        centre = self.begin(place)
        if near_border and not self.is_leading_back:
            cells.avoid(place if self._target is None else self._target)
        if near_border:
            self._target, self._reached_s = centre, math.inf
        elif self.is_leading_back or self._target is None or now_s - self._reached_s > self._keep_s:
            self._choose(centre, known, cells)
        self.is_leading_back = near_border
        target = centre if self._target is None else self._target
        if math.isinf(self._reached_s) and (np.abs(target - place) <= self._fastest * self._step_s).all():
            self._reached_s = now_s
        settings = self._settings
        pace = 1.0 if near_border else settings.speed + (settings.fastest - settings.speed) * known
        most, found = pace * self._fastest * self._step_s, []
        for index in range(steps):
            wanted = target
            if math.isfinite(self._reached_s) and not near_border:
                wanted = target + self._sines(now_s - self._reached_s + index * self._step_s)
            place = np.clip(place + np.clip(wanted - place, -most, most), self._lower, self._upper)
            found.append(place)
        return np.stack(found)

    def _choose(self, centre: FloatArray, known: float, cells: Cells) -> None:
        """Choose the next step: to one of the least visited cells, as far as it may go by now."""
        settings, width = self._settings, self._upper - self._lower
        # Any of them, near or far: small steps alone would show little beyond the noise.
        least = cells.least(
            lambda axes, centres: self._generator.random(len(centres)), settings.costly, self._generator
        )
        reach = (settings.reach + (1.0 - settings.reach) * known) * width
        target = np.where(np.isfinite(least), least, centre)
        self._target = np.clip(target, centre - reach, centre + reach)
        self._number += 1
        self._reached_s = math.inf
        # Periods from a few control steps to the time for which a step is kept, evenly in their logarithm.
        shortest = SHORTEST * self._step_s
        periods = np.geomspace(shortest, max(self._keep_s, shortest), TONES)
        self._rates = (2.0 * np.pi / periods)[:, None]
        self._phases = self._generator.uniform(0.0, 2.0 * np.pi, (TONES, len(width)))

    def _sines(self, since_s: float) -> FloatArray:
        """Return a multi-sine (A,) every other time: the sum of its tones is at most `sines` of the range.

        Source: multi-sine excitation; Pintelon and Schoukens, "System Identification" (2012), section 5.3.
        """
        if self._number % 2:
            return np.zeros(len(self._lower))
        waves = np.sin(self._rates * since_s + self._phases) - np.sin(self._phases)
        amplitude = self._settings.sines * (self._upper - self._lower) / (2.0 * TONES)
        result: FloatArray = amplitude * waves.sum(axis=0)
        return result
