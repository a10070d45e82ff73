# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json

import pytest

from ami_ros.commissioning.core.record import (
    STEPS,
    Commissioning,
    StepRecord,
    StepState,
    Subject,
    checked_steps,
    commissioning_of,
)
from ami_ros.commissioning.core.trials import FaultTrial, GoalTrial
from ami_ros.errors import ConfigError

SUBJECT = Subject("panda", "reach", "abc", True)
RECORD = StepRecord(
    StepState.FAILED,
    "today",
    {"goals": 2},
    {"success": 0.5},
    ("too little",),
    (GoalTrial(3, {"tip": 0.3}, {"tip": 0.01}, 2.5, "ARRIVED", {"PASS": 2.5}, 1, {"ESTOP": 1}),),
    (FaultTrial("estop", "pressed", ("ESTOP",), 1.0, ("ESTOP",), "STOP", 0.01, 0.2, 0.0, None),),
    (0.5, -0.25),
)


def test_what_was_kept_comes_back_the_same():
    before = Commissioning(SUBJECT).with_step("slow", RECORD)
    assert commissioning_of(json.loads(json.dumps(before.plain())), SUBJECT) == before


def test_steps_that_come_before_are_missed_until_they_are_passed():
    begun = Commissioning(SUBJECT).with_step("slow", RECORD)
    assert begun.missing_before("faults") == ("shadow", "slow")
    passed = begun.with_step("slow", dataclasses.replace(RECORD, state=StepState.PASSED))
    assert passed.missing_before("faults") == ("shadow",)
    assert passed.missing_before("random") == ("shadow", "faults", "medium", "full")
    assert not begun.is_passed("slow") and passed.is_passed("slow")


@pytest.mark.parametrize(
    ("field", "value"),
    [("robot", "kuka"), ("task", "push"), ("model_sha256", "def"), ("simulated", False)],
)
def test_what_one_robot_and_model_showed_says_nothing_of_another(field, value):
    plain = Commissioning(SUBJECT).plain()
    with pytest.raises(ConfigError, match=f"{field}: began with .* use another folder"):
        commissioning_of(plain, dataclasses.replace(SUBJECT, **{field: value}))


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 2},
        {"format": None},
        {"subject": {"robot": "panda"}},
        {"subject": 3},
        {"steps": {"slow": {"state": "well"}}},
        {"steps": []},
        {"steps": {"fast": dataclasses.asdict(RECORD)}},
    ],
)
def test_what_is_damaged_is_refused_in_a_sentence(damage):
    with pytest.raises(ConfigError, match="expected|damaged"):
        commissioning_of({**Commissioning(SUBJECT).plain(), **damage}, SUBJECT)


def test_steps_are_done_in_their_order_whatever_the_order_of_asking():
    assert checked_steps("") == STEPS
    assert checked_steps("full, slow") == ("slow", "full")
    assert checked_steps("random,full") == ("full", "random"), "baselines only where they are asked for"
    with pytest.raises(ConfigError, match=r"got \['fast'\], expected some of shadow, slow"):
        checked_steps("slow,fast")
