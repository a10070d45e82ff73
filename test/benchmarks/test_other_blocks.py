# SPDX-License-Identifier: Apache-2.0
"""Other blocks take the place of a task's own one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pybullet", reason="the simulator is not installed")
from ami_ros.errors import ConfigError
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import ORACLE
from benchmarks.other_blocks import BLUE, OTHERS, OWN, experiment_with

SEED = 11


def test_other_blocks_stand_where_the_own_one_does_and_are_as_dense(tmp_path):
    tasks = {
        name: experiment_with(name, "panda_hand", "pick", tmp_path, None, 1, SEED).load_task()
        for name in OTHERS
    }
    own, small = tasks[OWN].blocks["block"], tasks["blue, 4 cm"].blocks["block"]
    assert small.half_size == (0.02, 0.02, 0.02) and small.colour == tuple(BLUE)
    assert small.mass == pytest.approx(own.mass * 0.8**3)
    places = [task.episode(SEED).start_objects["block"][:2] for task in tasks.values()]
    assert np.ptp(places, axis=0).max() == 0.0


@pytest.mark.slow
def test_the_script_picks_the_smallest_and_the_largest(tmp_path):
    for name in ("blue, 3.4 cm", "violet, 6.4 cm"):
        experiment = experiment_with(name, "panda_hand", "pick", tmp_path, None, 1, SEED)
        runner = DirectRunner(experiment)
        result = runner.episode(SEED, ORACLE)
        runner.close()
        assert result.error[-1] <= result.yardstick.loosest.error, name


def test_a_task_with_several_blocks_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="got stack with blocks .* expected a task with one block"):
        experiment_with(OWN, "panda_hand", "stack", tmp_path, None, 1, SEED)
