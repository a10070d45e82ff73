# SPDX-License-Identifier: Apache-2.0
"""The engine in flight, step by step: spools with inertia, sensors with lag and noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray
from benchmarks.turbofan.deck import Deck, Steady
from benchmarks.turbofan.limits import FIRST, HIGH, LEAST, LOW, MOST, RATE, STEP_S, STEPS
from benchmarks.turbofan.profiles import Profile, profile
from benchmarks.turbofan.rating import OFFTAKE_W, Rating, steady

INERTIA = np.array(
    [62.0, 17.0]
)  # kg m2 of the low and the high spool: of the order of such engines, no data sheet's
SUBSTEPS = 10
RPM = np.pi / 30.0  # rad/s
SENSORS = (
    "thrust",
    "low_rpm",
    "high_rpm",
    "t3",
    "p3",
    "egt",
    "fan_margin",
    "lpc_margin",
    "hpc_margin",
    "altitude",
    "mach",
    "fuel_flow",
)
LAG_S = np.array([0.2, 0.05, 0.05, 0.8, 0.05, 1.2, 0.3, 0.3, 0.3, 0.0, 0.0, 0.1])  # thermocouples are slow
NOISE = np.array([0.001, 2.0, 5.0, 0.7, 0.001, 1.5, 0.003, 0.003, 0.003, 5.0, 0.0005, 0.001])
REPORTED_S = np.where(LAG_S > 0.5, 0.3, LAG_S)  # lag that engine controls leave of it, by lead compensation
LEAD = np.maximum(LAG_S, 1e-3) / np.maximum(REPORTED_S, 1e-3)


class Taken(NamedTuple):
    """What a control step was like.

    Attributes:
        error: of the thrust at its end, share of what was demanded.
        moving: whether the demand moved then or shortly before.
        exceeded: whether a limit was, at any time of the step (7,), see `limits.NAMES`.
        fuel: burnt, kg.
        impulse: thrust over the step, N s.
    """

    error: float
    moving: bool
    exceeded: NDArray[np.bool_]
    fuel: float
    impulse: float


class World:
    """One profile after another.

    Args:
        deck: the engine.

    Attributes:
        rating: its steady line when new.
        profile: the one that is flown.
        step: how many control steps were taken.
        inputs: the knobs (3,): decades of corrected fuel in kg/s, nozzle, bleed.
        rpm: of both spools (2,).
        health: of the high-pressure compressor; to lose some of it in flight, change this.
        taken: the steps so far.
    """

    def __init__(self, deck: Deck) -> None:
        self.deck, self.rating = deck, Rating(deck)

    def begin(self, seed: int) -> FloatArray:
        """Begin a profile with the engine steady at its first demand; return what is measured (12,)."""
        self.profile: Profile = profile(self.rating, seed)
        self._generator = np.random.default_rng([62, seed])
        self.health, self.step = self.profile.health, 0
        self.taken: list[Taken] = []
        theta, delta = self.profile.ratios[0]
        low = np.array([self.profile.speed[0] * np.sqrt(theta)])
        here = tuple(np.array([value]) for value in self.profile.air[0])
        high, fuel = steady(self.deck, low, here, FIRST[None, 1:], np.array([self.health]))  # type: ignore[arg-type]
        self.rpm = np.array([low[0], high[0]])
        self.inputs = np.clip([np.log10(fuel[0] / delta / np.sqrt(theta)), *FIRST[1:]], LOW, HIGH)
        self._probed = self._truth(self.run(self.rpm[None], self.inputs[None], 0), self.inputs, 0)
        self._followed = self._probed
        return self._reported(0.0)

    def act(self, wanted: FloatArray) -> FloatArray:
        """Take a control step with knobs (3,) within ranges and rates; return what is measured (12,)."""
        before, self.inputs = self.inputs, followed(self.inputs, wanted)
        self.step += 1
        worst_low, worst_high = np.full(7, np.inf), np.full(7, -np.inf)
        fuel = impulse = 0.0
        theta, delta = self.profile.ratios[self.step]
        span = STEP_S / SUBSTEPS
        for part in range(1, SUBSTEPS + 1):
            knobs = before + part / SUBSTEPS * (self.inputs - before)
            found = self.run(self.rpm[None], knobs[None], self.step)
            self.rpm = accelerated(self.rpm[None], found, span)[0]
            truth = self._truth(found, knobs, self.step)
            self._probed = self._probed + _share(span, LAG_S) * (truth - self._probed)
            reported = self._reported(span)
            watched = limited(self.rpm[None], found)[0]
            worst_low, worst_high = np.minimum(worst_low, watched), np.maximum(worst_high, watched)
            fuel += span * 10.0 ** knobs[0] * delta * np.sqrt(theta)
            impulse += span * float(found.thrust[0])
        wanted_thrust = self.profile.thrust[self.step]
        error = float(found.thrust[0]) / delta / wanted_thrust - 1.0
        exceeded = (worst_low < LEAST) | (worst_high > MOST)
        self.taken.append(Taken(error, bool(self.profile.moving[self.step]), exceeded, fuel, impulse))
        return reported

    def run(self, rpm: FloatArray, knobs: FloatArray, at: int) -> Steady:
        """Return how the engine runs (N,) at speeds (N, 2) with knobs (N, 3) in a step of the profile."""
        count, (theta, delta) = len(rpm), self.profile.ratios[at]
        fuel = 10.0 ** knobs[:, 0] * delta * np.sqrt(theta)
        here = tuple(np.full(count, value) for value in self.profile.air[at])
        return self.deck.at(rpm, fuel, here, knobs[:, 1:], np.full(count, self.health))  # type: ignore[arg-type]

    @property
    def ends(self) -> bool:
        """Whether the profile is over."""
        return self.step == STEPS

    def goal(self) -> float:
        """Return the demand that the next step is judged by, decades of corrected kN; nobody sees more."""
        return float(np.log10(self.profile.thrust[min(self.step + 1, STEPS)] / 1e3))

    def _truth(self, found: Steady, knobs: FloatArray, at: int) -> FloatArray:
        """Return what sensors without lag and noise would read (12,), thrust, P3 and fuel in decades."""
        _, delta = self.profile.ratios[at]
        thrust = max(float(found.thrust[0]) / delta / 1e3, 0.1)
        values = [np.log10(thrust), *self.rpm, found.t3[0], np.log10(found.p3[0] / delta), found.egt[0]]
        values += [found.fan_margin[0], found.lpc_margin[0], found.hpc_margin[0]]
        return np.array([*values, self.profile.altitude_m[at], self.profile.mach[at], knobs[0]])

    def _reported(self, span_s: float) -> FloatArray:
        """Return what engine controls make of the probes (12,): readings with less lag and more noise.

        Source: a lead compensator, (LAG_S s + 1) / (REPORTED_S s + 1); Astrom and Murray, "Feedback systems"
        (2021), 12.
        """
        noisy = self._probed + NOISE * self._generator.standard_normal(len(NOISE))
        reported: FloatArray = self._followed + LEAD * (noisy - self._followed)
        self._followed = self._followed + _share(span_s, REPORTED_S) * (noisy - self._followed)
        return reported


def _share(span_s: float, lag_s: FloatArray) -> FloatArray:
    """Return how much of a difference a lag makes up for in a time."""
    share: FloatArray = -np.expm1(-span_s / np.maximum(lag_s, 1e-3))
    return share


def followed(before: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the knobs (3,) nearest to what is `wanted` that ranges and rates allow."""
    near = np.clip(wanted, before - RATE * STEP_S, before + RATE * STEP_S)
    inputs: FloatArray = np.clip(near, LOW, HIGH)
    return inputs


def accelerated(rpm: FloatArray, found: Steady, span_s: float) -> FloatArray:
    """Return the speeds (N, 2) after a while, rpm.

    Source: power balance of a rotor, I w dw/dt = P; Walsh and Fletcher, "Gas turbine performance" (2004), 8.
    """
    power = np.stack([found.low_w, found.high_w - OFFTAKE_W], axis=1)
    speed = rpm * RPM
    return (speed + span_s * power / (INERTIA * speed)) / RPM


def limited(rpm: FloatArray, found: Steady) -> FloatArray:
    """Return what has limits (N, 7), in the order of `limits.NAMES`."""
    columns = [*rpm.T, found.t3, found.egt, found.fan_margin, found.lpc_margin, found.hpc_margin]
    return np.stack(columns, axis=1)
