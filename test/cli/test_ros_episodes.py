# SPDX-License-Identifier: Apache-2.0
"""Episodes over real DDS: the same as in process, and a clear error when a node dies."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from ami_ros.cli.direct_episodes import DirectRunner
from ami_ros.cli.experiment import prepare
from ami_ros.cli.ros_episodes import RosRunner
from ami_ros.errors import ProcessError
from ami_ros.share import shipped_model

SEED = 31

pytestmark = pytest.mark.skipif(
    not shipped_model("panda", "reach").is_file(), reason="models/panda_reach is not there: make model"
)


@pytest.fixture(scope="module")
def experiment():
    # No deadline: what a loaded machine has time for would decide about the plan.
    plain = prepare("panda", "reach", None, None, episodes=1, seed=SEED, goal="image")
    return dataclasses.replace(plain, planner=dataclasses.replace(plain.planner, deadline_s=10.0))


@pytest.mark.parametrize("by_joints", [False, True])
def test_ros_and_direct_move_the_arm_alike_to_the_last_bit(experiment, tmp_path, by_joints):
    wanted = dataclasses.replace(experiment, by_joints=by_joints)
    before = dict(os.environ)
    with RosRunner(wanted, tmp_path, real_time=False) as runner:
        (through_ros,) = runner.episodes()
    assert dict(os.environ) == before
    assert runner.faults == {"unsafe_commands": 0, "timeouts": 0}
    (direct,) = DirectRunner(wanted).episodes()
    assert np.array_equal(through_ros.joints, direct.joints)
    assert np.array_equal(through_ros.error, direct.error)
    assert np.array_equal(through_ros.goal_image, direct.goal_image)
    assert through_ros.arrived_step == direct.arrived_step
    assert len(through_ros.plan_ms) == len(direct.plan_ms)


def test_a_node_that_dies_ends_the_run_with_the_end_of_its_log(experiment, tmp_path):
    lost = dataclasses.replace(experiment, model=tmp_path / "gone.pt")
    with (
        pytest.raises(ProcessError, match=r"(?s)planner_node ended with exit code 2.*gone\.pt: no such"),
        RosRunner(lost, tmp_path / "logs", real_time=False) as runner,
    ):
        list(runner.episodes())
