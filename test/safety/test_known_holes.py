# SPDX-License-Identifier: Apache-2.0
"""The holes that gates are known to have: each a named test. The stories are in test/support/gate/gate_holes.py."""

from __future__ import annotations

import numpy as np
import pytest
from gate_holes import EXPECTED, HOLES, bad_numbers, codes, fault, future_proposal, moving, resume_after_stop
from gate_plant import FAULTS, PLAN_TICKS

from ami_ros.types import Level


def test_nan_never_moves_the_robot():
    bad_numbers(float("nan"))()
    fault("joints_nan")()


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_inf_never_moves_the_robot(value):
    bad_numbers(value)()


def test_a_frozen_camera_with_fresh_stamps_holds_the_robot():
    fault("camera_frozen")()


def test_future_stamps_hold_the_robot():
    future_proposal()
    fault("joints_future")()
    fault("camera_future")()


def test_after_a_stop_it_resumes_only_when_rearmed_and_without_a_jump():
    resume_after_stop()


@pytest.mark.parametrize("hole", HOLES)
def test_hole_is_closed(hole):
    HOLES[hole]()


def test_every_fault_has_its_story():
    others = {
        "not_following",
        "joints_frozen",
        "joints_shifted",
        "planner_wild",
        "planner_flood",
    }  # told above, or nothing that must hold the robot
    assert set(FAULTS) == set(EXPECTED) | others


def test_a_plan_made_from_a_disturbed_posture_dies_with_the_disturbance():
    """Found by the state machine: pushed, planned for there, let go; the plan must not be followed then."""
    plant = moving()
    plant.run(-plant.ticks % PLAN_TICKS - 1)
    plant.position = plant.position + np.array([-0.3, 0.0, 0.3, 0.0])
    plant.run(1)  # the planner proposes from where the arm was pushed to, and the tick holds
    assert {"TRACKING_ERROR", "JOINTS_CONTRADICT"} <= codes(plant)
    plant.run(1)  # the arm is back, faster than it can
    assert codes(plant) == {"JOINTS_CONTRADICT"}
    plant.faults = {"planner_dead"}
    while "JOINTS_CONTRADICT" in codes(plant):
        plant.run(1)
    assert codes(plant) == {"PROPOSAL_BEFORE_HOLD"}
    plant.faults = set()
    plant.run(30)
    assert plant.verdict.level < Level.HOLD
    assert plant.violations == []
