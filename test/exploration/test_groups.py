# SPDX-License-Identifier: Apache-2.0
"""What there is to explore with several groups."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import grouped_robot

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import EmbodimentError
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.exploration.settings import load_explorer_settings
from ami_ros.exploration.territories import territory_of
from ami_ros.types import Level, Observation, Reading

JOINTS, STEPS, START_NS = 7, 200, 10**9


def test_arm_and_gripper_go_through_their_ranges_side_by_side(tmp_path):
    spec = load_robot(grouped_robot(tmp_path, "arm_with_gripper"))
    planner, meaning = ExploringPlanner(spec, load_explorer_settings()), meaning_of(spec)
    planner.judge(Level.PASS)
    at, now, seen = spec.home.copy(), START_NS, []
    for _ in range(STEPS):
        state = np.concatenate([at[:JOINTS], np.zeros(JOINTS)])
        observation = Observation({"joints": Reading(state, now, now)})
        planner.obey(at)
        plan = planner.plan(observation)
        low, high = spec.actions.low, spec.actions.high
        assert (plan.actions >= low).all() and (plan.actions <= high).all()
        at = meaning.proposal(plan.actions, observation).positions[1]
        now += spec.step_ns
        seen.append(at)
    ways = np.ptp(np.array(seen), axis=0)
    moved = [spec.command_names.index(name) for name in spec.actions.names]
    assert (ways[moved[:2]] > 0.3).all() and ways[moved[2]] > 0.03
    assert not ways[[i for i in range(JOINTS) if i not in moved]].any()


def test_a_base_explores_alone(tmp_path):
    spec = load_robot(grouped_robot(tmp_path, "base_with_arm"))
    with pytest.raises(EmbodimentError, match=r"explore: got \['base'\] besides other groups"):
        territory_of(spec, load_explorer_settings(), meaning_of(spec))
