# SPDX-License-Identifier: Apache-2.0
"""The rows of the grasping benchmark: the script solves an episode, aimless motion does not."""

from __future__ import annotations

import pytest

pytest.importorskip("pybullet", reason="the simulator is not installed")
from ami_ros.configuration import Configuration
from benchmarks.grasping import ROWS, succeeded

SEED = 11


@pytest.mark.slow
def test_each_row_counts_its_successes():
    configuration = Configuration.load("panda_hand", "pick")
    noted: list[None] = []
    counts = [
        succeeded(configuration, row, range(SEED, SEED + 1), lambda: noted.append(None)) for row in ROWS
    ]
    assert counts == [1, 0] and len(noted) == 2
