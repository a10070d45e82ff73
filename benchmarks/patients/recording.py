# SPDX-License-Identifier: Apache-2.0
"""Records of ten patients under simglucose's basal-bolus controller, with a little excitation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.types import FloatArray
from benchmarks.patients.world import Day, Patient, Seen, World

SEED = 10_000_000  # of the first recorded day: far from those that are judged
BASAL, KEPT = (0.0, 2.0), (5, 20)  # times the basal rate, and for how many control steps
BOLUS = (0.6, 1.4)  # times the controller's bolus
MISSED = 0.1  # of the boluses
SOMETIMES = 0.02  # of control steps: a bolus for nothing
NOTHING = (2.0, 40.0)  # its effect, mg/dl
CORRECTED = 0.08  # of control steps with high glucose and meals that nobody announces: a correction
HIGH, AIM = 150.0, 120.0  # mg/dl
SHARE = (0.1, 0.8)  # of a correction that the factor asks for


def readings(day: Day, seen: Seen) -> FloatArray:
    """Return what the robot's sensors measure (5,), in the order of its YAML."""
    patient = day.patient
    insulin, carbs = patient.cf * seen.insulin, patient.rise * seen.carbs
    return np.array([seen.cgm, carbs, patient.basal_effect, float(day.announced), insulin])


def taught(patients: Sequence[Patient]) -> tuple[tuple[Patient, ...], tuple[Patient, ...]]:
    """Return the patients that a model learns from, every third, and those that it never sees."""
    return tuple(patients[::3]), tuple(one for at, one in enumerate(patients) if at % 3)


def write_days(
    world: World, spec: RobotSpec, folder: Path, days: int, on_day: Callable[[], None] = lambda: None
) -> None:
    """Write some days of each taught patient as episodes; on every second one nobody announces meals."""
    folder.mkdir(parents=True, exist_ok=True)
    patients, _ = taught(world.pipe.patients)
    for number in range(days * len(patients)):
        turn, who = divmod(number, len(patients))
        day = Day(patients[who], SEED + number, announced=turn % 2 == 0)
        most = float(spec.limits.upper[0]) / day.patient.cf  # type: ignore[index]
        measured = _day(world, day, most, np.random.default_rng([8, number])).astype(np.float32)
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
    """Return what was measured (S + 1, 5); no step delivers more U than `most`."""
    seen, left, basal = world.begin(day), 0, 1.0
    rows = [readings(day, seen)]
    while not world.ends:
        if left == 0:
            left, basal = int(generator.integers(*KEPT)), float(generator.uniform(*BASAL))
        left -= 1
        bolus = 0.0 if generator.random() < MISSED else float(generator.uniform(*BOLUS))
        effect = float(generator.uniform(*NOTHING)) if generator.random() < SOMETIMES else 0.0
        if not day.announced and seen.cgm > HIGH and generator.random() < CORRECTED:
            effect += float(generator.uniform(*SHARE)) * (seen.cgm - AIM)
        insulin = effect / day.patient.cf
        seen = world.act("basal-bolus", insulin=insulin, basal=basal, bolus=bolus, most=most)
        rows.append(readings(day, seen))
    return np.array(rows)
