# SPDX-License-Identifier: Apache-2.0
"""A model that would fail is refused with its judgement, wherever plans are made, unless the settings take any."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from small_model import small_contract, small_jepa
from untrained import HOPELESS, untrained_model
from warm import run

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import JudgementError
from ami_ros.evaluation.experiment import prepare
from ami_ros.planning.factory import world_model_planner
from ami_ros.planning.judged import check_may_plan
from ami_ros.planning.settings import load_planner_settings

SPEC = load_robot("panda", "reach")


@pytest.fixture(scope="module")
def bad(tmp_path_factory) -> Path:
    return untrained_model(tmp_path_factory.mktemp("bad"), "reach", quality=HOPELESS)


def test_the_refusal_is_the_judgement_and_the_way_around_it():
    contract = small_contract(small_jepa(), quality=HOPELESS)
    with pytest.raises(JudgementError) as caught:
        check_may_plan(contract, load_planner_settings(), "my/model.pt")
    lines = str(caught.value).splitlines()
    assert lines[0] == "my/model.pt: the planner refuses this model"
    text = " ".join(lines)
    for part in ("cannot be trusted to predict", "Expected success:", "It may not plan:", "What to do:"):
        assert part in text
    assert "--set judged=false" in lines[-1]


def test_who_asks_for_it_gets_it():
    check_may_plan(
        small_contract(small_jepa(), quality=HOPELESS), load_planner_settings({"judged": False}), ""
    )


def test_the_node_plans_with_none(bad):
    factory = world_model_planner(lambda: 0)
    with pytest.raises(JudgementError, match="refuses this model"):
        factory.build(SPEC, bad, load_planner_settings(task="reach"), "reach", None)


def test_experiments_are_refused_before_they_start_and_can_be_measured_all_the_same(bad):
    with pytest.raises(JudgementError):
        prepare("panda", "reach", bad)
    assert prepare("panda", "reach", bad, changes=["judged=false"]).model == bad


def test_the_command_line_ends_with_2_and_the_report(bad):
    command = [sys.executable, "-m", "ami_ros.cli.main", "evaluate", "--task", "reach", "--model", str(bad)]
    done = run(command)
    assert done.returncode == 2
    assert "It may not plan: it hardly predicts the effect of its actions." in done.stderr
    assert "Traceback" not in done.stderr
