# SPDX-License-Identifier: Apache-2.0
"""Meals are simglucose's, patients are split once, and figures are shares of a day."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from benchmarks.patients.command import ROBOT
from benchmarks.patients.on_board import OnBoard
from benchmarks.patients.recording import readings, taught
from benchmarks.patients.rows import row
from benchmarks.patients.world import MEALS, STEP_MIN, STEPS, Day, Patient, Pipe, Seen, meals_of

PATIENT = Patient("adult#001", basal=0.02, cr=10.0, cf=9.0, weight=80.0)


def test_meals_of_a_seed_are_alike_and_within_their_hours():
    assert meals_of(3) == meals_of(3) != meals_of(4)
    days = [meals_of(seed) for seed in range(300)]
    assert np.mean([len(day) for day in days]) == pytest.approx(sum(meal.chance for meal in MEALS), abs=0.2)
    grams = np.mean([sum(amount for _, amount in day) for day in days])
    assert grams == pytest.approx(sum(meal.chance * meal.grams for meal in MEALS), rel=0.05)
    for day in days:
        for minute, _ in day:
            assert any(60.0 * meal.low <= minute <= 60.0 * meal.high for meal in MEALS)


def test_appetite_is_the_share_of_the_meals_that_are_eaten():
    counts = [np.mean([len(meals_of(seed, appetite)) for seed in range(300)]) for appetite in (0.0, 0.5, 1.0)]
    assert counts[0] == 0.0
    assert counts[1] == pytest.approx(0.5 * counts[2], rel=0.1)


def test_a_day_knows_what_its_next_hours_bring():
    day = Day(PATIENT, 3, announced=False)
    assert day.eaten(0, STEPS) == pytest.approx(sum(grams for _, grams in day.meals))
    assert sum(day.eaten(step) for step in range(STEPS)) == pytest.approx(day.eaten(0, STEPS))
    (minute, grams), step = day.meals[0], int(day.meals[0][0] // STEP_MIN)
    assert step * STEP_MIN <= minute < (step + 1) * STEP_MIN
    assert day.eaten(step) == grams
    assert day.eaten(step - 4, 4) == 0.0


def test_ten_patients_teach_and_twenty_are_judged():
    everybody = [PATIENT._replace(name=f"{number}") for number in range(30)]
    learned, unseen = taught(everybody)
    assert (len(learned), len(unseen)) == (10, 20)
    assert {*learned, *unseen} == {*everybody}


def test_carbohydrates_and_insulin_are_measured_by_what_they_do():
    day, seen, board = (
        Day(PATIENT, 1, announced=True),
        Seen(cgm=130.0, insulin=2.0, carbs=20.0),
        OnBoard(PATIENT),
    )
    board.begin(seen)
    found = readings(day, seen, board, coming=40.0)
    basal = 0.02 * STEP_MIN * 9.0
    assert found == pytest.approx(
        [130.0, 148.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 18.0, 0.0, 0.25, 0.0, 0.0, 0.0, basal, 1.0, 0.5, 18.0]
    )
    assert len(found) == len(load_robot(str(ROBOT)).sensors)


def test_a_planner_knows_of_no_coming_meals():
    day = Day(PATIENT, 1, announced=True)
    assert readings(day, Seen(130.0, 2.0, 20.0), OnBoard(PATIENT))[-2] == 0.0


def test_a_row_has_shares_of_the_day():
    low, fine = np.array([50.0, 60.0, 100.0, 200.0]), np.full(4, 120.0)
    found = row("ours", True, [low, fine])
    assert found["time_in_range"] == pytest.approx(0.5 * (0.25 + 1.0))
    assert found["time_below_70"] == pytest.approx(0.25)
    assert found["time_below_54"] == pytest.approx(0.125)
    below, above = found["time_in_range_ci"]
    assert below <= found["time_in_range"] <= above
    json.dumps(found)


def test_a_python_without_simglucose_is_an_error_with_advice(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"--simulator: got .*nothing, expected a Python .*pip install"):
        Pipe(tmp_path / "nothing")
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(0o755)
    with pytest.raises(ConfigError, match=r"got no answer to known, expected .*pip install"):
        Pipe(silent)
