# SPDX-License-Identifier: Apache-2.0
"""The page to be signed: nothing is missing, nothing comes from elsewhere, and nobody has signed it yet."""

from __future__ import annotations

import re

import numpy as np

from ami_ros.commissioning.core.record import Commissioning, StepRecord, StepState, Subject
from ami_ros.commissioning.core.trials import FaultTrial, GoalTrial, speed_figures
from ami_ros.commissioning.page import CommissionPage, render_commission
from ami_ros.report.pictures import png

SUBJECT = Subject("panda", "reach", "abc123", True)
WITHIN = {"tip": 0.05, "joint": 0.5}
PAGE = CommissionPage(
    title="<Panda> reach",
    command="ami-ros commission --sim",
    written="today",
    identity={"model SHA-256": "abc123"},
    setup={"planner": "mppi"},
    settings={"goals": 2},
    hardware={"cpu": "one"},
    versions={"numpy": "2"},
    units={"tip": "m", "joint": "rad"},
)
PICTURE = png(np.full((4, 4, 3), 90, np.uint8))
REACHED = GoalTrial(0, {"tip": 0.3}, {"tip": 0.012, "joint": 0.1}, 2.0, "planner: ARRIVED", {"PASS": 2.0})
MISSED = GoalTrial(1, {"tip": 0.3}, {"tip": 0.3, "joint": 0.1}, 9.0, "planner: <STUCK>", {"HOLD": 9.0})
SHADOW = StepRecord(
    StepState.PASSED,
    "10:00",
    figures={
        **{"plans": 20, "agreement": 0.93, "shuffled": 0.04, "surprised_share": None},
        **{"surprise_p50": None, "goals": 7, "moved_by": "explorer"},
    },
    cosines=(0.9, 0.95),
)
FIGURES = speed_figures([REACHED, MISSED], WITHIN) | {"speed": 0.1, "within": WITHIN}
SLOW = StepRecord(StepState.FAILED, "10:05", {}, FIGURES, ("1 of 2 goals <were> reached",), (REACHED, MISSED))
FAULTS = StepRecord(
    StepState.BEGUN,
    "10:10",
    faults=(
        FaultTrial("estop", "pressed", ("ESTOP",), 1.0, ("ESTOP",), "STOP", 0.01, None, None, None),
        FaultTrial("camera_black", "black", left_out="nobody is there"),
    ),
)


def page(**steps: StepRecord) -> str:
    return render_commission(PAGE, Commissioning(SUBJECT, steps), lambda index: PICTURE, lambda *which: None)


def test_the_page_tells_all_and_needs_no_other_file():
    text = page(shadow=SHADOW, slow=SLOW, faults=FAULTS)
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    told = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    for part in ("abc123", "0.93", "1 of 2", "tip 1.2 cm", "STOP ESTOP", "not tried: nobody is there"):
        assert part in told, part
    assert "not passed: slow, faults, medium, full" in told
    assert "the step medium" in told and "the step faults has not ended" in told
    assert "anything on a real robot" in told
    assert text.count("signature</span>") == 2, "to be signed by two"
    assert "&lt;Panda&gt;" in text and "&lt;were&gt;" in text and "&lt;STUCK&gt;" in text


def test_a_page_of_nothing_says_that_nothing_is_shown():
    told = " ".join(re.sub(r"<[^>]+>", " ", page()).split())
    assert "not passed: shadow, slow, faults, medium, full" in told
    assert "NaN" not in told and "None" not in told


def test_a_baseline_stands_next_to_the_steps_and_is_not_missed_where_nobody_asked_for_it():
    told = " ".join(re.sub(r"<[^>]+>", " ", page(shadow=SHADOW, random=SLOW)).split())
    assert "not passed: shadow" not in told and "not passed: slow, faults, medium, full" in told
    assert "random" in told and "inverse_model" not in told
