# SPDX-License-Identifier: Apache-2.0
"""What passes and what does not, at the boundary and with what is missing; each problem tells its numbers."""

from __future__ import annotations

import dataclasses

import pytest

from ami_ros.commissioning.core.judging import fault_problems, shadow_problems, speed_problems
from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.commissioning.core.trials import FaultTrial, GoalTrial, speed_figures
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path

WANTED = dataclasses.replace(
    load_settings(CommissionSettings, config_path("commission.yaml")),
    goals=4,
    shadow_plans=20,
    least_agreement=0.5,
    least_gain=0.3,
    most_surprised=0.1,
    least_success=0.75,
    most_held=0.2,
    still_s=1.0,
)
SHADOW = {"plans": 20, "agreement": 0.5, "shuffled": 0.2, "surprised_share": 0.1}
WITHIN = {"tip": 0.05, "joint": 0.5}
FAULT = FaultTrial(
    "camera_black", "black", ("CAMERA_FROZEN",), 2.0, ("CAMERA_FROZEN",), "HOLD", 2.0, 1.0, 0.0, 3.0
)


def trial(tip: float, **more) -> GoalTrial:
    levels = {"PASS": 8.0, "HOLD": 2.0}
    return GoalTrial(
        0, {"tip": 0.3, "joint": 0.6}, {"tip": tip, "joint": 0.5}, 2.0, "ARRIVED", levels, **more
    )


def test_the_shadow_step_passes_at_its_boundaries():
    assert shadow_problems(SHADOW, WANTED) == ()
    assert shadow_problems({**SHADOW, "surprised_share": None}, WANTED) == (), "nothing judges surprise"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"plans": 19}, "only 19 plans could be compared, expected 20"),
        ({"agreement": 0.49, "shuffled": 0.0}, "by 0.49, expected at least 0.5"),
        ({"agreement": float("nan"), "shuffled": 0.0}, "by nan"),
        ({"agreement": 0.9, "shuffled": 0.7}, "0.20 more than"),
        ({"surprised_share": 0.11}, "11 % of the pictures surprise"),
        ({"plans": 0, "agreement": None, "shuffled": None}, "agree with the way back by nothing"),
    ],
)
def test_the_shadow_step_says_what_is_too_little(change, says):
    assert says in " ".join(shadow_problems({**SHADOW, **change}, WANTED))


def test_a_speed_passes_at_its_boundaries():
    figures = speed_figures([trial(0.05)] * 3 + [trial(0.051)], WITHIN)
    assert (figures["reached"], figures["success"], figures["held_share"]) == (3, 0.75, pytest.approx(0.2))
    low, high = figures["success_ci"]
    assert low < 0.75 < high
    assert speed_problems(figures, WANTED) == ()


@pytest.mark.parametrize(
    ("trials", "says"),
    [
        ([trial(0.05)] * 3, "3 goals were tried, expected 4"),
        ([trial(0.05)] * 2 + [trial(0.06)] * 2, "2 of 4 goals were reached, expected at least 75 %"),
        ([trial(0.05)] * 3 + [trial(float("nan"))] * 2, "3 of 5 goals"),
        ([trial(0.05, stops=1, reasons={"TRACKING_LOST": 1})] * 4, "TRACKING_LOST 4x"),
        (
            [trial(0.05)] * 4 + [dataclasses.replace(trial(0.05), levels={"STOP": 1.0})],
            "for 22 % of the time",
        ),
        ([trial(0.05, unsafe=1)] * 4, "4 commands outside its limits"),
        ([], "0 of 0 goals"),
    ],
)
def test_a_speed_says_what_is_wrong(trials, says):
    assert says in " ".join(speed_problems(speed_figures(trials, WITHIN), WANTED))


def test_a_gap_that_nobody_measured_is_not_reached():
    assert not GoalTrial(0, {}, {"tip": 0.0}, 1.0, "").is_reached(WITHIN)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"named": (), "level": "", "named_s": None},
            "let the robot keep moving, expected one of CAMERA_FROZEN",
        ),
        ({"named_s": 2.1}, "named after 2.10 s, expected within 2 s"),
        ({"still_s": None}, "at rest never"),
        ({"still_s": 1.1}, "at rest after 1.10 s"),
        ({"recovered_s": None}, "did not let the robot move again"),
        ({"unsafe": 2}, "2 commands outside"),
        ({"left_out": "nobody there"}, "not tried: nobody there"),
    ],
)
def test_a_fault_passes_at_its_boundaries_and_says_what_is_wrong(change, says):
    assert fault_problems([FAULT], WANTED) == ()
    assert fault_problems([dataclasses.replace(FAULT, named_s=None)], WANTED) == (), "covered by hand"
    (problem,) = fault_problems([FAULT, dataclasses.replace(FAULT, **change)], WANTED)
    assert says in problem and problem.startswith("camera_black: ")
