# SPDX-License-Identifier: Apache-2.0
"""The rows of the recovery benchmark: blocks are moved when they should be, and once."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pybullet", reason="the simulator is not installed")
from ami_ros.errors import EmbodimentError
from ami_ros.evaluation.experiment import ORACLE, prepare
from benchmarks.recovery import DROPPED, MOVED, ROWS, UNDISTURBED, disturbed


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_a_script_that_reads_the_truth_recovers(row):
    """The block leaps, once; a script that begins again still has it up in the end."""
    experiment = prepare("panda_hand", "pick", episodes=1, seed=11)
    [(result, happened)] = disturbed(experiment, row, ORACLE)
    block = result.moments["objects"][:, 0, :3]
    leaps = np.flatnonzero(np.linalg.norm(np.diff(block[:, :2], axis=0), axis=1) > 0.05)
    assert happened is (row != UNDISTURBED)
    assert len(leaps) == int(happened)
    if row == MOVED:
        assert block[leaps[0], 2] < 0.03, "it still stands"
    if row == DROPPED:
        assert block[leaps[0], 2] > 0.06, "it was in the hand"
    assert result.error[-1] <= result.yardstick.loosest.error


def test_a_robot_without_a_hand_is_refused():
    with pytest.raises(EmbodimentError, match="got panda and push, expected a robot with a hand"):
        list(disturbed(prepare("panda", "push"), MOVED))
