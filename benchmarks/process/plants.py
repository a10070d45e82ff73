# SPDX-License-Identifier: Apache-2.0
"""The plants: pc-gym's parameters, our sensors, and how episodes differ.

Source: Bloor et al., "PC-Gym: benchmark environments for process control problems" (2024), arXiv 2410.22093,
and its repository, for durations, spaces and noise of the CSTR, the four tanks and the crystallisation. The
distillation column has no published case: its spaces are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ami_ros.types import FloatArray

HERE = Path(__file__).parent
TASK = HERE / "task.yaml"


@dataclass(frozen=True)
class Tracked:
    """A state that follows set points.

    Attributes:
        low: smallest set point.
        high: largest set point.
        span: of the errors that count alike: an error of so much costs 1 a step.
        by: index of the input that a PI controller moves it with.
        sign: 1 where more of that input makes it larger, else -1.
    """

    low: float
    high: float
    span: float
    by: int
    sign: float


@dataclass(frozen=True)
class Disturbed:
    """An input of the model that nobody controls: it steps from value to value.

    Attributes:
        low: smallest value.
        high: largest value.
        sensor: measures it; empty where its value never changes.
        changes: values of an episode.
    """

    low: float
    high: float
    sensor: str = ""
    changes: int = 1


class Episode(NamedTuple):
    """What an episode of a plant is made of.

    Attributes:
        wanted: set points (N,) of each tracked state.
        start: first state (X,).
        disturbances: values (N,) of each disturbance.
    """

    wanted: dict[str, FloatArray]
    start: FloatArray
    disturbances: dict[str, FloatArray]


@dataclass(frozen=True)
class Plant:
    """One plant of pc-gym.

    Attributes:
        model: its name there.
        steps: control steps of an episode (N); one fewer are taken.
        duration: of an episode, in the plant's unit of time.
        states: sensor -> the state that it measures, in the order of the robot's YAML.
        start: usual first value of every state of the model (X,).
        spread: share of that by which it differs from episode to episode (X,).
        low: lowest inputs (M,).
        high: highest inputs (M,).
        rate: largest change of an input from step to step (M,).
        first: inputs before an episode (M,).
        tracked: state -> its set points.
        changes: set points of an episode.
        noise: standard deviation of what is measured, share of the value.
        disturbances: of the model's, in its order: all of them, or none.
        bands: state -> what it shall stay within.
        step_up: largest step up of an input by an operator, share of the range.
    """

    model: str
    steps: int
    duration: float
    states: dict[str, str]
    start: tuple[float, ...]
    spread: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rate: tuple[float, ...]
    first: tuple[float, ...]
    tracked: dict[str, Tracked]
    changes: int
    noise: float
    disturbances: dict[str, Disturbed] = field(default_factory=dict)
    bands: dict[str, tuple[float, float]] = field(default_factory=dict)
    step_up: float = 1.0

    @property
    def name(self) -> str:
        """Of its files."""
        return next(name for name, plant in PLANTS.items() if plant is self)

    @property
    def robot(self) -> Path:
        """Its YAML."""
        return HERE / f"{self.name}.yaml"

    @property
    def measured(self) -> tuple[str, ...]:
        """The disturbances that a sensor measures."""
        return tuple(name for name, it in self.disturbances.items() if it.sensor)

    def episode(self, seed: int) -> Episode:
        """Return the episode of a seed."""
        generator = np.random.default_rng([46, seed])

        def stepping(low: float, high: float, changes: int) -> FloatArray:
            length = -(-self.steps // changes)
            steps: FloatArray = np.repeat(generator.uniform(low, high, changes), length)[: self.steps]
            return steps

        wanted = {name: stepping(it.low, it.high, self.changes) for name, it in self.tracked.items()}
        start = np.array(self.start)
        start = start * (1.0 + np.array(self.spread) * generator.standard_normal(len(start)))
        disturbances = {n: stepping(it.low, it.high, it.changes) for n, it in self.disturbances.items()}
        return Episode(wanted, start, disturbances)

    def followed(self, before: FloatArray, wanted: FloatArray) -> FloatArray:
        """Return the inputs (M,) nearest to what is `wanted` that ranges and rates allow."""
        rate = np.array(self.rate)
        near = np.clip(wanted, before - rate, before + rate)
        inputs: FloatArray = np.clip(near, self.low, self.high)
        return inputs


PLANTS = {
    "cstr": Plant(
        model="cstr",
        steps=60,
        duration=26.0,
        states={"concentration": "Ca", "temperature": "T"},
        start=(0.8, 330.0),
        spread=(0.02, 0.005),
        low=(295.0,),
        high=(302.0,),
        rate=(7.0,),
        first=(298.5,),
        tracked={"Ca": Tracked(0.82, 0.92, 0.0316, by=0, sign=-1.0)},
        changes=3,
        noise=0.001,
        disturbances={
            "Ti": Disturbed(349.0, 352.0, sensor="feed_temperature", changes=2),
            "Caf": Disturbed(1.0, 1.0),
        },
        bands={"T": (319.0, 331.0)},
    ),
    "four_tank": Plant(
        model="four_tank",
        steps=60,
        duration=1000.0,
        states={"level_1": "h1", "level_2": "h2", "level_3": "h3", "level_4": "h4"},
        start=(0.141, 0.112, 0.072, 0.42),
        spread=(0.1, 0.1, 0.1, 0.1),
        low=(0.1, 0.1),
        high=(10.0, 10.0),
        rate=(9.9, 9.9),
        first=(5.0, 5.0),
        tracked={
            "h3": Tracked(0.1, 0.5, 0.6, by=1, sign=1.0),
            "h4": Tracked(0.1, 0.4, 0.6, by=0, sign=1.0),
        },
        changes=2,
        noise=0.05,
    ),
    "distillation": Plant(
        model="distillation_column",
        steps=60,
        duration=120.0,
        states={
            f"tray_{at}": name
            for at, name in enumerate(("X0", "X1", "X2", "X3", "Xf", "X4", "X5", "X6", "Xb"))
        },
        start=(0.85, 0.68, 0.5, 0.38, 0.3, 0.26, 0.2, 0.13, 0.07),
        spread=(0.03,) * 9,
        low=(0.5, 250.0),
        high=(5.0, 600.0),
        rate=(4.5, 350.0),
        first=(2.5, 400.0),
        tracked={
            "X0": Tracked(0.8, 0.95, 0.15, by=0, sign=1.0),
            "Xb": Tracked(0.02, 0.1, 0.15, by=1, sign=1.0),
        },
        changes=2,
        noise=0.001,
    ),
    "crystallisation": Plant(
        model="crystallization",
        steps=30,
        duration=30.0,
        states={
            "moment_0": "Mu0",
            "moment_1": "Mu1",
            "moment_2": "Mu2",
            "moment_3": "Mu3",
            "concentration": "Conc",
            "variation": "CV",
            "size": "Ln",
        },
        start=(1478.01, 22995.82, 1800863.2, 248516167.9, 0.158615, 0.0, 0.0),
        spread=(0.0, 0.0, 0.01, 0.0, 0.005, 0.0, 0.0),
        low=(10.0,),
        high=(40.0,),
        rate=(1.0,),
        first=(39.0,),
        tracked={
            "CV": Tracked(0.95, 1.05, 0.2, by=0, sign=1.0),
            "Ln": Tracked(14.0, 16.0, 2.0, by=0, sign=-1.0),
        },
        changes=1,
        noise=0.001,
        step_up=0.02,  # crystals that dissolve are outside of pc-gym's model: its integrator fails there
    ),
}
