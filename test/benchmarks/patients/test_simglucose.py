# SPDX-License-Identifier: Apache-2.0
"""simglucose itself: its controllers do what they are known for, and records become episodes of our robot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.episode import EpisodeRecord, list_episodes, read_episode
from benchmarks.patients.command import ROBOT
from benchmarks.patients.recording import SILENT, taught, write_days
from benchmarks.patients.world import STEPS, Day, Pipe, World

SPEC = load_robot(str(ROBOT))
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


@pytest.fixture(scope="module")
def recorded(world, tmp_path_factory) -> list[EpisodeRecord]:
    folder = tmp_path_factory.mktemp("records")
    write_days(world, SPEC, folder, SILENT)
    return [read_episode(path) for path in list_episodes(folder)]


def test_records_become_episodes_within_what_the_pump_delivers(world, recorded):
    learned, _ = taught(world.pipe.patients)
    assert len(recorded) == SILENT * len(learned)
    for at, episode in enumerate(recorded):
        announced = at < (SILENT - 1) * len(learned)
        assert episode.actions.shape == (STEPS, 1)
        assert 0.0 <= episode.actions.min() <= episode.actions.max() <= SPEC.limits.upper[0] + 1e-3
        assert (episode.vectors["announced"] == announced).all()
        assert announced or (episode.vectors["stomach"] == 0.0).all()
    assert any(episode.vectors["stomach"].max() > 0.0 for episode in recorded)
    silent = recorded[(SILENT - 1) * len(learned) :]
    assert any(episode.vectors["coming"].max() > 0.0 for episode in silent), (
        "the diary has what nobody announced"
    )


def test_in_records_many_meals_are_not_answered_at_once_and_much_insulin_answers_none(recorded):
    answered, for_nothing = [], 0
    for episode in recorded:
        if not episode.vectors["announced"].all():
            continue
        stomach, gut = episode.vectors["stomach"][:-1, 0], episode.vectors["gut"][:-1, 0]
        beyond = episode.actions[:, 0] - 2.0 * episode.vectors["basal"][:-1, 0]  # the largest basal rate
        for_nothing += int(np.sum((beyond > 10.0) & (stomach + gut < 1.0)))
        for step in np.flatnonzero(np.diff(stomach, prepend=0.0) > 20.0):
            answered.append(beyond[step : step + 2].sum() > 5.0)
    assert len(answered) > 20
    assert 0.2 < np.mean(answered) < 0.8
    assert for_nothing > 5
