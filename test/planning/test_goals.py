# SPDX-License-Identifier: Apache-2.0
"""From a message of each kind to a plan, without ROS; one of the kinds exists in these tests alone."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from observed import observed
from robots import HOME, JOINTS, LOWER, UPPER, made_up_robot
from share_goal import ShareGoal
from small_model import in_memory, small_contract, small_jepa

from ami_ros.body.goals import kinds
from ami_ros.body.goals.inbox import GoalInbox
from ami_ros.body.goals.kinds import KINDS, goal_topics
from ami_ros.body.kinematics import Kinematics
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import load_planner_settings
from ami_ros.types import Goal, Plan

SPEC = made_up_robot(orientation="free")
PIXELS = np.random.default_rng(2).integers(0, 256, (40, 48, 3), dtype=np.uint8)
THERE = np.array([0.1, 0.2, 0.3, 0.4])
STAMP_NS, NOW_NS = 5, 9


@pytest.fixture
def take(monkeypatch):
    """Give messages to the inbox of a planner with a memory, and return it."""
    monkeypatch.setattr(kinds, "KINDS", [*KINDS, ShareGoal()])
    inbox = GoalInbox(
        SPEC, lambda message, sensor: message, lambda name: Goal(images={"camera": PIXELS}, label=name)
    )

    def take(subject: str, message: Any) -> GoalInbox:
        inbox.take(goal_topics(SPEC, with_memory=True)[subject], message, STAMP_NS, NOW_NS)
        return inbox

    return take


@pytest.fixture(scope="module")
def planner() -> RecedingHorizonPlanner:
    model = small_jepa()
    settings = load_planner_settings({"num_samples": 16, "horizon": 3, "deadline_s": 60.0})
    return RecedingHorizonPlanner(in_memory(model, small_contract(model)), SPEC, settings, lambda: 0)


def plan(planner: RecedingHorizonPlanner, goal: Goal) -> Plan:
    planner.restart()
    planner.set_goal(goal)
    return planner.plan(observed(PIXELS[::-1], np.array(HOME), 0, 3, np.zeros(JOINTS)))


def test_a_new_kind_of_goal_is_one_class_and_one_line(take, planner):
    """It is planned to as the joint positions that it means, and refused in a sentence."""
    share = 0.25
    goal = take("share", SimpleNamespace(data=[share] * JOINTS)).newest
    assert (
        goal.stamp_ns == STAMP_NS
        and goal.sensors == ("joints",)
        and goal.label.startswith("joints at [0.25,")
    )
    joints = np.array(LOWER) + share * (np.array(UPPER) - np.array(LOWER))
    found, expected = plan(planner, goal), plan(planner, Goal(vectors={"joints": joints}))
    np.testing.assert_array_equal(found.actions, expected.actions)
    assert found.distance == expected.distance > 0.0
    for wrong, says in (
        ([0.5] * (JOINTS - 1), "goal refused: share: got shape (3,), expected a vector of 4 numbers"),
        ([0.5, math.nan, 0.5, 0.5], "goal refused: share: non-finite at index [1]"),
        ([0.5, 1.5, 0.5, 0.5], "goal refused: share: got [0.5, 1.5, 0.5, 0.5], expected 0 to 1"),
    ):
        inbox = take("share", SimpleNamespace(data=wrong))
        assert inbox.newest is None and inbox.refused.startswith(says)


def test_every_kind_leads_to_a_plan(take, planner):
    x, y, z = Kinematics(SPEC).forward(np.array(HOME))[0]
    at, turn = SimpleNamespace(x=x, y=y, z=z), SimpleNamespace(x=0.0, y=0.0, z=0.0, w=1.0)
    pose = SimpleNamespace(position=at, orientation=turn)
    header = SimpleNamespace(frame_id=Kinematics(SPEC).base_frame)
    messages = {
        "camera": (PIXELS, "image 48x40"),
        "joints": (np.concatenate([THERE, THERE]), "joints"),
        "pose": (SimpleNamespace(header=header, pose=pose), f"tip at {x:.3f}, {y:.3f}, {z:.3f} m"),
        "name": (SimpleNamespace(data="tray"), "tray"),
        "share": (SimpleNamespace(data=[0.5] * JOINTS), "joints at [0.5, 0.5, 0.5, 0.5]"),
    }
    assert set(messages) == set(goal_topics(SPEC, with_memory=True))
    for subject, (message, label) in messages.items():
        inbox = take(subject, message)
        assert inbox.newest is not None and inbox.newest.label == label, f"{subject}: {inbox.refused}"
        assert plan(planner, inbox.newest).iterations > 0
