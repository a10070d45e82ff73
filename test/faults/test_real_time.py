# SPDX-License-Identifier: Apache-2.0
"""The harness of the faults in real time, where nothing waits for anything."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from ami_ros.evaluation.experiment import prepare
from ami_ros.evaluation.fault_episodes import FaultRunner, far_seeds

SEED = 7001
EPISODES = 4


@pytest.mark.alone
@pytest.mark.slow
def test_an_emergency_stop_stops_and_the_next_episode_moves_again(tmp_path):
    """After a reset the gate must not go on from joints of before it: the arm would stand still for ever."""
    experiment = prepare("panda", "reach", None, None, episodes=EPISODES, seed=SEED, goal="image")
    with FaultRunner(experiment, tmp_path, real_time=True) as runner:
        for seed in far_seeds(experiment, SEED, EPISODES):
            run = runner.inject("estop", seed)  # raises ProcessError when the arm does not move
            assert (run.unsafe, run.moved_after_stop) == ({}, 0)
