# SPDX-License-Identifier: Apache-2.0
"""What a killed run, a full disk or another hand leaves in the folder is told in a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ami_ros.commissioning.core.record import Commissioning, StepRecord, StepState, Subject
from ami_ros.commissioning.core.spread import TakenGoal
from ami_ros.commissioning.folder import CommissionFolder, end_picture, goal_picture
from ami_ros.errors import ConfigError, OutputError

SUBJECT = Subject("panda", "reach", "abc", False)
GOALS, HEIGHT, WIDTH, PLACE = 3, 6, 8, 7


@pytest.fixture
def folder(tmp_path) -> CommissionFolder:
    return CommissionFolder(tmp_path / "new" / "commissioned")


def goals() -> list[TakenGoal]:
    generator = np.random.default_rng(5)
    return [
        TakenGoal(
            {name: generator.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for name in ("camera", "wrist")},
            generator.normal(size=PLACE),
        )
        for _ in range(GOALS)
    ]


def test_goals_come_back_the_same_with_a_picture_of_each(folder):
    assert folder.goals() == ()
    taken = goals()
    folder.keep_goals(taken)
    for before, after in zip(taken, folder.goals(), strict=True):
        np.testing.assert_array_equal(after.place, before.place)
        assert list(after.images) == ["camera", "wrist"]
        np.testing.assert_array_equal(after.images["wrist"], before.images["wrist"])
    assert folder.picture(goal_picture(GOALS - 1)).startswith(b"\x89PNG")
    assert folder.picture(end_picture("slow", 0)) is None
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    assert len(files) == 1 + GOALS and {path.stat().st_mode & 0o777 for path in files} == {0o600}


@pytest.mark.parametrize("damage", ["cut", "other", "not_a_number"])
def test_damaged_goals_are_refused_with_what_to_do(folder, damage):
    folder.keep_goals(goals())
    path = folder.path / "goals.npz"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "other":
        path.write_text("goals")
    else:
        folder.keep_goals([TakenGoal(goals()[0].images, np.full(PLACE, np.nan))])
    with pytest.raises(ConfigError, match=r"goals\.npz: damaged.*--steps shadow --again"):
        folder.goals()


def test_the_record_is_whole_or_as_before(folder):
    assert folder.read(SUBJECT) == Commissioning(SUBJECT)
    begun = Commissioning(SUBJECT).with_step("shadow", StepRecord(StepState.BEGUN, "today"))
    folder.keep(begun)
    assert folder.read(SUBJECT) == begun
    whole = folder.record.read_text()
    for broken in (whole[:-20], "[]", '{"format": 1, "format": 1}', "\udcff"):
        folder.record.write_bytes(broken.encode(errors="surrogateescape"))
        with pytest.raises(ConfigError, match=r"commission\.json: "):
            folder.read(SUBJECT)
    assert json.loads(whole)["steps"]["shadow"]["state"] == "begun"


def test_a_folder_that_cannot_be_written_is_told_before_anything_moves(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        CommissionFolder(tmp_path / "file" / "below").check()
