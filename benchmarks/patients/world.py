# SPDX-License-Identifier: Apache-2.0
"""A day of a virtual patient, step by step, and what its sensors measure."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ami_ros.errors import ConfigError
from ami_ros.types import FloatArray

STEP_MIN = 6  # minutes of a control step
STEPS = 24 * 60 // STEP_MIN  # control steps of a day
SCRIPT = Path(__file__).parent / "simulator.py"
INSTALL = ".simglucose/bin/pip install simglucose==0.2.11 'setuptools<80'"
ADVICE = f"make one with `python -m venv .simglucose && {INSTALL}`"


class Patient(NamedTuple):
    """What a clinician knows of a patient, from simglucose's tables.

    Attributes:
        name: there.
        basal: insulin that keeps it where it is, U/min.
        cr: carbohydrates that a unit covers, g/U.
        cf: by how much a unit lowers glucose, mg/dl/U.
        weight: of the body, kg.
    """

    name: str
    basal: float
    cr: float
    cf: float
    weight: float

    @property
    def basal_effect(self) -> float:
        """Of its basal insulin in a control step, mg/dl: all insulin is measured by what it does."""
        return self.basal * STEP_MIN * self.cf

    @property
    def rise(self) -> float:
        """By how much a gram of carbohydrates raises glucose, mg/dl."""
        return self.cf / self.cr


class Meal(NamedTuple):
    """One that somebody eats.

    Attributes:
        chance: of a day that has it.
        low: earliest, h.
        high: latest, h.
        usual: mean, h.
        spread: standard deviation, h.
        grams: mean of carbohydrates, g.
        grams_spread: standard deviation, g.
    """

    chance: float
    low: float
    high: float
    usual: float
    spread: float
    grams: float
    grams_spread: float


# Source: `RandomScenario` of simglucose 0.2.11.
MEALS = (
    Meal(0.95, 5.0, 9.0, 7.0, 1.0, 45.0, 10.0),
    Meal(0.3, 9.0, 10.0, 9.5, 0.5, 10.0, 5.0),
    Meal(0.95, 10.0, 14.0, 12.0, 1.0, 70.0, 10.0),
    Meal(0.3, 14.0, 16.0, 15.0, 0.5, 10.0, 5.0),
    Meal(0.95, 16.0, 20.0, 18.0, 1.0, 80.0, 10.0),
    Meal(0.3, 20.0, 23.0, 21.5, 0.5, 10.0, 5.0),
)


def meals_of(seed: int, appetite: float = 1.0) -> list[list[float]]:
    """Return the meals (minute, g) of a day, drawn as simglucose draws them.

    Args:
        seed: of the day.
        appetite: share of these meals that is eaten; 0: a day of fasting.
    """
    generator, found = np.random.default_rng([47, seed]), []
    for meal in MEALS:
        if generator.random() >= appetite * meal.chance:
            continue
        hour = -1.0
        while not meal.low <= hour <= meal.high:
            hour = generator.normal(meal.usual, meal.spread)
        grams = max(round(generator.normal(meal.grams, meal.grams_spread)), 0)
        found.append([float(round(60.0 * hour)), float(grams)])
    return found


@dataclass(frozen=True)
class Day:
    """What somebody lives through.

    Attributes:
        patient: who.
        seed: of meals, sensor noise and first glucose.
        announced: whether controllers hear of meals.
        appetite: share of the usual meals that is eaten.
    """

    patient: Patient
    seed: int
    announced: bool
    appetite: float = 1.0

    @cached_property
    def meals(self) -> list[list[float]]:
        """All (minute, g), announced or not."""
        return meals_of(self.seed, self.appetite)

    def eaten(self, step: int, steps: int = 1) -> float:
        """Return the carbohydrates of meals that begin within some control steps from `step` on, g."""
        first, last = STEP_MIN * step, STEP_MIN * (step + steps)
        return float(sum(grams for minute, grams in self.meals if first <= minute < last))


@dataclass
class Seen:
    """What sensors measured after a control step.

    Attributes:
        cgm: glucose by the sensor below the skin, mg/dl.
        insulin: delivered in the step, U.
        carbs: announced with this reading, g: those of the step that begins.
    """

    cgm: float
    insulin: float
    carbs: float


class Pipe:
    """simglucose in its own Python.

    Args:
        python: that Python.

    Attributes:
        patients: all thirty.

    Raises:
        ConfigError: it does not start there.
    """

    def __init__(self, python: Path) -> None:
        if not python.is_file():
            raise ConfigError(f"--simulator: got {python}, expected a Python that has simglucose: {ADVICE}")
        self._process = subprocess.Popen(
            [str(python), str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        known = self.ask("known")
        self.patients = tuple(Patient(**one) for one in known)

    def ask(self, name: str, **arguments: Any) -> Any:
        """Return the answer to a request."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            print(json.dumps([name, arguments]), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ConfigError(
                f"--simulator: got no answer to {name}, expected a Python that has simglucose: {ADVICE}"
            )
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@dataclass
class World:
    """One day after another.

    Attributes:
        pipe: to the simulator.
        day: the present one.
        step: control steps taken.
        glucose: true glucose of every 3 min so far, mg/dl.
    """

    pipe: Pipe
    step: int = 0
    glucose: list[float] = field(default_factory=list)

    def begin(self, day: Day) -> Seen:
        """Begin a day; its patient was at rest before."""
        self.day, self.step, self.glucose = day, 0, []
        first = self.pipe.ask("begin", patient=day.patient.name, seed=day.seed, meals=day.meals)
        return Seen(first["cgm"], day.patient.basal * STEP_MIN, self._announced())

    def act(self, by: str, **what: Any) -> Seen:
        """Take a control step, see `Simulator.act`."""
        found = self.pipe.ask("act", by=by, announced=self.day.announced, **what)
        self.step += 1
        self.glucose += found["bg"]
        return Seen(found["cgm"], found["insulin"], self._announced())

    def _announced(self) -> float:
        """Return the carbohydrates of meals that begin within the next control step, g.

        People announce a meal as they sit down to it. Were it announced after its first bite, records would
        have insulin that answers a meal nobody has seen, and a model would learn that insulin raises glucose.
        """
        return self.day.eaten(self.step) if self.day.announced else 0.0

    @property
    def ends(self) -> bool:
        """Whether the day is over."""
        return self.step == STEPS

    def followed(self, by: str) -> FloatArray:
        """Return the glucose of the rest of the day under a controller of simglucose."""
        while not self.ends:
            self.act(by)
        return np.array(self.glucose)
