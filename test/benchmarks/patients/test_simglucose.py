# SPDX-License-Identifier: Apache-2.0
"""simglucose itself: its controllers do what they are known for, and records become episodes of our robot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.episode import list_episodes, read_episode
from benchmarks.patients.command import ROBOT
from benchmarks.patients.recording import taught, write_days
from benchmarks.patients.world import STEPS, Day, Pipe, World

PYTHON = Path(os.environ.get("SIMGLUCOSE_PYTHON", ".simglucose/bin/python"))

pytestmark = pytest.mark.skipif(
    not PYTHON.is_file(), reason="needs a Python with simglucose: SIMGLUCOSE_PYTHON"
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    pipe = Pipe(PYTHON)
    yield World(pipe)
    pipe.close()


def test_thirty_patients_with_what_a_clinician_knows(world):
    assert len({one.name for one in world.pipe.patients}) == 30
    assert all(one.basal > 0.0 and one.cr > 0.0 and one.cf > 0.0 for one in world.pipe.patients)


def test_a_day_repeats_and_announced_meals_are_covered(world):
    patient = world.pipe.patients[0]
    days = []
    for announced in (True, True, False):
        world.begin(Day(patient, 3, announced))
        days.append(world.followed("basal-bolus"))
    assert len(days[0]) == 2 * STEPS
    np.testing.assert_array_equal(days[0], days[1])
    assert days[2].max() > days[0].max() + 30.0


def test_insulin_lowers_glucose(world):
    patient = world.pipe.patients[0]
    ends = []
    for insulin in (0.0, 0.2):
        world.begin(Day(patient, 3, announced=False))
        for _ in range(40):
            world.act("us", insulin=insulin)
        ends.append(world.glucose[-1])
    assert ends[1] < ends[0] - 30.0


def test_records_become_episodes_within_what_the_pump_delivers(world, tmp_path):
    spec = load_robot(str(ROBOT))
    write_days(world, spec, tmp_path, 2)
    files = list_episodes(tmp_path)
    learned, _ = taught(world.pipe.patients)
    assert len(files) == 2 * len(learned)
    for at, path in enumerate(files):
        episode, announced = read_episode(path), at < len(learned)
        assert episode.actions.shape == (STEPS, 1)
        assert 0.0 <= episode.actions.min() <= episode.actions.max() <= spec.limits.upper[0] + 1e-3
        assert (episode.vectors["announced"] == announced).all()
        assert (episode.vectors["carbs"].max() > 0.0) == announced
