# SPDX-License-Identifier: Apache-2.0
"""Records of ten patients under simglucose's basal-bolus controller, with excitation of the insulin alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.types import FloatArray
from benchmarks.patients.on_board import OnBoard
from benchmarks.patients.world import Day, Patient, Seen, World

SEED = 10_000_000  # of the first recorded day: far from those that are judged
SILENT = 3  # on every third day nobody announces meals
APPETITE = {True: (0.2, 1.5), False: (0.0, 1.0)}  # share of the usual meals of a day, by announced meals
BASAL, KEPT = (0.0, 2.0), (10, 40)  # times the basal rate, and for how many control steps
BOLUS = (0.3, 1.4)  # times the controller's bolus
MISSED, LATE = 0.1, 0.4  # shares of the boluses
DELAY = (2, 15)  # control steps, of those that are late
OFTEN = {True: (0.0, 0.03), False: (0.0, 0.1)}  # boluses for nothing in a control step, by announced meals
NOTHING = (2.0, 50.0)  # their effect, mg/dl
SAFE, STOPS = 110.0, 70.0  # mg/dl: no bolus for nothing below the one, no insulin at all below the other
EVENTUAL = (17.0, 914.0)  # mg/dl: within its envelope, which is for plans alone
COMING = 50  # control steps that the diary looks ahead: as far as plans do


def readings(day: Day, seen: Seen, board: OnBoard, coming: float = 0.0) -> FloatArray:
    """Return what the robot's sensors measure (18,), in the order of its YAML.

    Args:
        day: whose, and whether meals are announced.
        seen: after a control step.
        board: what is on the way.
        coming: carbohydrates that the next hours bring, g. Records have them from a diary, filled in
            afterwards; a planner knows of none.
    """
    patient = day.patient
    eventual = seen.cgm + patient.rise * board.carbs.sum() - board.insulin.sum()
    return np.array(
        [
            seen.cgm,
            float(np.clip(eventual, *EVENTUAL)),
            *board.trends,
            *board.unexplained,
            *board.effects,
            *(patient.rise * board.carbs),
            *(board.carbs / patient.weight),
            *board.insulin,
            patient.basal_effect,
            float(day.announced),
            coming / patient.weight,
            patient.cf * seen.insulin,
        ]
    )


def taught(patients: Sequence[Patient]) -> tuple[tuple[Patient, ...], tuple[Patient, ...]]:
    """Return the patients that a model learns from, every third, and those that it never sees."""
    return tuple(patients[::3]), tuple(one for at, one in enumerate(patients) if at % 3)


def write_days(
    world: World, spec: RobotSpec, folder: Path, days: int, on_day: Callable[[], None] = lambda: None
) -> None:
    """Write some days of each taught patient as episodes; on every third one nobody announces meals."""
    folder.mkdir(parents=True, exist_ok=True)
    patients, _ = taught(world.pipe.patients)
    for number in range(days * len(patients)):
        turn, who = divmod(number, len(patients))
        generator = np.random.default_rng([8, number])
        announced = turn % SILENT != SILENT - 1
        appetite = float(generator.uniform(*APPETITE[announced]))
        day = Day(patients[who], SEED + number, announced, appetite)
        most = float(spec.limits.upper[0]) / day.patient.cf  # type: ignore[index]
        measured = _day(world, day, most, generator).astype(np.float32)
        vectors = {name: measured[:, at : at + 1] for at, name in enumerate(spec.sensors)}
        record = EpisodeRecord(
            images={},
            vectors=vectors,
            actions=measured[1:, -1:],  # what was delivered is what was wanted
            truth={},
            look=np.asarray(PLAIN_LOOK, dtype=np.int64),
            body=recorded_body(spec),
        )
        write_episode(episode_path(folder, number), record)
        on_day()


def _day(world: World, day: Day, most: float, generator: np.random.Generator) -> FloatArray:
    """Return what was measured (S + 1, 18); no step delivers more U than `most`."""
    seen, board, excited = world.begin(day), OnBoard(day.patient), _Excited(day, generator)
    board.begin(seen)
    rows = [readings(day, seen, board, _coming(day, 0))]
    while not world.ends:
        insulin, basal, bolus = excited.step(seen)
        seen = world.act("basal-bolus", insulin=insulin, basal=basal, bolus=bolus, most=most)
        board.see(seen)
        rows.append(readings(day, seen, board, _coming(day, world.step)))
    return np.array(rows)


def _coming(day: Day, step: int) -> float:
    """Return the carbohydrates of the next hours that nobody has announced by `step`, g.

    Without them, a model would read future meals off the insulin that answers them, or expect the usual ones.
    """
    return day.eaten(step, COMING) - (day.eaten(step) if day.announced else 0.0)


class _Excited:
    """Varies what the basal-bolus controller does, so that insulin tells little of meals and glucose."""

    def __init__(self, day: Day, generator: np.random.Generator) -> None:
        self._day, self._generator = day, generator
        self._often = float(generator.uniform(*OFTEN[day.announced]))
        self._left, self._basal, self._bolus = 0, 1.0, 1.0
        self._late: dict[int, float] = {}  # U by control steps from now

    def step(self, seen: Seen) -> tuple[float, float, float]:
        """Return insulin in U next to the controller's, and what multiplies its basal rate and its bolus."""
        draw = self._generator
        if self._left == 0:
            self._left, self._basal = int(draw.integers(*KEPT)), float(draw.uniform(*BASAL))
        self._left -= 1
        self._late = {left - 1: insulin for left, insulin in self._late.items()}
        insulin = self._late.pop(0, 0.0)
        if seen.carbs > 0.0:
            self._bolus = self._answer(seen.carbs)
        if seen.cgm < STOPS:
            return 0.0, 0.0, self._bolus
        if draw.random() < self._often and seen.cgm > SAFE:
            insulin += float(draw.uniform(*NOTHING)) / self._day.patient.cf
        return insulin, self._basal, self._bolus

    def _answer(self, carbs: float) -> float:
        """Return what multiplies the bolus for a meal that begins now; a late bolus follows by itself."""
        draw, scale = self._generator, float(self._generator.uniform(*BOLUS))
        kind = draw.random()
        if MISSED <= kind < MISSED + LATE:
            self._late[int(draw.integers(*DELAY))] = scale * carbs / self._day.patient.cr
        return 0.0 if kind < MISSED + LATE else scale
