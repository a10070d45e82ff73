# SPDX-License-Identifier: Apache-2.0
"""What recipe.sh draws is what the records of the commissioned models say."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("matplotlib", reason="needs the extra 'train'")
import cv2
import numpy as np
from success_curve import main

from ami_ros.commissioning.core.record import FULL, SHADOW, Commissioning, StepRecord, StepState, Subject
from ami_ros.commissioning.core.trials import GoalTrial

SUBJECT = Subject("arm", "reach", "0" * 64, False)


def keep(folder, steps: dict[str, StepRecord]) -> None:
    """Write a record as `ami-ros commission` does."""
    folder.mkdir(parents=True)
    (folder / "commission.json").write_text(json.dumps(Commissioning(SUBJECT, steps).plain()))


def test_success_is_told_by_minutes_and_limit(tmp_path):
    trials = [
        GoalTrial(i, {"tip": 0.3}, {"tip": tip}, 4.0, "") for i, tip in enumerate((0.01, 0.03, 0.2, 0.04))
    ]
    trials.append(GoalTrial(4, {"tip": 0.3}, {}, 20.0, ""))  # its joints said nothing at the end
    keep(tmp_path / "6" / "commissioned", {FULL: StepRecord(StepState.FAILED, "now", goals=tuple(trials))})
    keep(tmp_path / "3" / "commissioned", {SHADOW: StepRecord(StepState.FAILED, "now")})
    main(tmp_path, ["1.5", "3", "6"])
    refused, failed, tried = json.loads((tmp_path / "curve.json").read_text())["points"]
    assert [it["minutes"] for it in (refused, failed, tried)] == [1.5, 3.0, 6.0]
    assert (refused["goals"], refused["success_5cm"]) == (failed["goals"], failed["success_5cm"]) == (0, None)
    assert (tried["goals"], tried["success_5cm"], tried["success_2cm"]) == (5, 0.6, 0.2)
    assert tried["success_5cm_ci"] == pytest.approx([0.23, 0.88], abs=0.01)
    picture = cv2.imread(str(tmp_path / "curve.png"))
    assert picture is not None and len(np.unique(picture.reshape(-1, 3), axis=0)) > 3


def test_where_models_were_evaluated_that_is_their_success(tmp_path):
    keep(tmp_path / "3" / "commissioned", {SHADOW: StepRecord(StepState.FAILED, "now")})
    figures = {"episodes": 40, "success_5cm": 0.75, "success_5cm_ci": [0.6, 0.86]}
    figures |= {"success_2cm": 0.5, "success_2cm_ci": [0.35, 0.65]}
    (tmp_path / "3" / "evaluated.json").write_text(json.dumps(figures))
    main(tmp_path, ["1.5", "3"])
    refused, tried = json.loads((tmp_path / "curve.json").read_text())["points"]
    assert (refused["goals"], refused["success_5cm"], refused["commissioned"]) == (0, None, 0)
    assert (tried["goals"], tried["success_2cm"], tried["commissioned"]) == (40, 0.5, 0)
    assert tried["success_5cm_ci"] == [0.6, 0.86]
