# SPDX-License-Identifier: Apache-2.0
"""Shipped models may plan, models that learned nothing may not, and both are told why."""

from __future__ import annotations

import copy
import dataclasses

import pytest

from ami_ros.model.files import read_verified
from ami_ros.model.judging.judgement import judge
from ami_ros.model.judging.parts import DISTANCE, FORESIGHT, PARTS, SIGHT
from ami_ros.model.judging.settings import load_judgement_settings
from ami_ros.settings.share import shipped_model

SETTINGS = load_judgement_settings()
SHIPPED = [
    *(("husky", "drive"), ("panda_wrist", "reach")),
    *((robot, task) for robot in ("panda", "kuka_iiwa") for task in ("reach", "push")),
]
CONTRACT = read_verified(shipped_model("panda", "reach")).contract()


def judged(**changes):
    quality = {**copy.deepcopy(CONTRACT.quality), **changes}
    return judge(dataclasses.replace(CONTRACT, quality=quality), SETTINGS)


@pytest.mark.parametrize(("robot", "task"), SHIPPED)
def test_shipped_models_may_plan_and_are_expected_to_do_what_they_did(robot, task):
    judgement = judge(read_verified(shipped_model(robot, task)).contract(), SETTINGS)
    assert judgement.may_plan
    assert set(judgement.parts) == set(PARTS)
    assert judgement.success > 0.9  # their cards: 0.93 to 1.00
    assert judgement.lines[-1] == "It may plan."
    assert judgement.next_step == ""


def test_a_judgement_in_words():
    text = " ".join(judged().lines)
    assert (
        "sees the joint position to within 12% and the tip position to within 8% of the standard deviation"
        in text
    )
    assert "trusted 15 action blocks (1.5 s) ahead, which is all that was measured" in text
    assert "tells near from far: rank correlation 0.98" in text
    assert "Expected success: 99% of the goals within 5 cm" in text


@pytest.mark.parametrize(
    ("changes", "weak", "says"),
    [
        ({"open_loop_error": CONTRACT.quality["shuffled_action_error"]}, FORESIGHT, "hardly predicts"),
        ({"probes": {"tip_position": 0.4, "joint_position": 0.6}}, SIGHT, "hardly sees where"),
        ({"distance_spearman": {"slow": 0.1}}, DISTANCE, "hardly tells near from far"),
    ],
)
def test_one_weak_part_is_enough_to_be_refused_for(changes, weak, says):
    judgement = judged(**changes)
    assert not judgement.may_plan
    assert judgement.success == judgement.expected[weak] < 0.5
    assert len(judgement.reasons) == 1
    assert judgement.lines[-1].startswith("It may not plan: it") and says in judgement.lines[-1]
    assert "ami-ros train" in judgement.next_step


def test_worse_figures_never_let_expect_more():
    errors = [0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 2.0]
    success = [judged(open_loop_error=[e] * 15, copy_last_error=[1.0] * 15).success for e in errors]
    assert success == sorted(success, reverse=True)
    assert success[0] > 0.9 > 0.1 > success[-1]


def test_recordings_without_a_simulators_truth_can_be_judged():
    seen = {"probes": {"joint_position": 0.97}, "moved": "joint_position", "surprise_auc": None}
    judgement = judged(**seen, beyond_range={}, distance_spearman={})
    assert judgement.may_plan
    assert set(judgement.parts) == {FORESIGHT, SIGHT}
    assert "was not measured" in " ".join(judgement.says)


def test_a_model_that_was_not_measured_may_not_plan():
    judgement = judge(dataclasses.replace(CONTRACT, quality={}), SETTINGS)
    assert (judgement.success, judgement.may_plan) == (0.0, False)
    assert "the quality of its predictions was not measured" in judgement.lines[-1]
    assert "export it from its checkpoint" in judgement.next_step


def test_no_success_is_expected_of_what_was_never_measured():
    judgement = judge(dataclasses.replace(CONTRACT, meaning="setpoint"), SETTINGS)
    assert (judgement.success, judgement.may_plan) == (None, False)
    assert "Expected success: not measured of models like it." in judgement.lines
    assert "cartesian_velocity, twist, and not with setpoint" in judgement.lines[-1]
    assert "measure what it reaches" in judgement.next_step


def test_hindsight_is_said_and_so_is_its_absence():
    assert "Where its plans lead was not compared with recordings." in judged().lines
    seen = {"ahead_s": [0.5, 1.0], "cosine": [0.9, 0.8], "chance": [0.1, -0.2]}
    text = " ".join(judged(hindsight=seen).lines)
    assert (
        "0.5, 1 s later with a cosine of 0.90, 0.80 (with where it went at other moments at most 0.20)"
        in text
    )


def test_what_pictures_show_of_a_sensor_is_said():
    r2 = {"joints": [0.99, 0.95, 0.5, 0.91, 0.97, 0.92, -0.1]}
    (line,) = [line for line in judged(shown=r2).lines if line.startswith("Pictures show")]
    names = CONTRACT.vectors[0].values[:7]
    assert ", ".join(names[:2]) in line and f"less of {names[2]} (0.50) and {names[6]} (-0.10)." in line
