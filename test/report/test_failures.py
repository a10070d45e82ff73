# SPDX-License-Identifier: Apache-2.0
"""The picture of what went wrong: the right episodes, worst first, each with goal and end."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="captions need the extra 'train'")

from ami_ros.report.failures import CAPTION, COLUMNS, GAP, MOST, SIDE, failure_sheet, failures


def test_failures_are_worst_first_and_a_lost_robot_is_the_worst(made_up):
    results = [made_up(1, 0.01), made_up(2, 0.03), made_up(3, math.nan), made_up(4, 0.2), made_up(5, 0.02)]
    assert [result.seed for result in failures(results)] == [3, 4, 2]
    assert failures(results[:1]) == []


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (4, 2, 3), (MOST + 5, MOST // COLUMNS, 3)])
def test_a_sheet_has_room_for_all_that_are_shown(made_up, count, rows, columns):
    sheet = failure_sheet([made_up(seed, 0.2, arrived=3) for seed in range(count)])
    assert sheet.shape == (rows * (CAPTION + SIDE + GAP) + GAP, columns * (3 * SIDE + 3 * GAP) + GAP, 3)


def test_a_tile_shows_goal_and_end(made_up):
    failed = made_up(1, math.nan)
    failed.goal_image[:], failed.final_image[:] = (10, 200, 30), (200, 10, 30)
    sheet = failure_sheet([failed])
    for place, colour in ((0, (10, 200, 30)), (1, (200, 10, 30))):
        middle = sheet[GAP + CAPTION + SIDE // 2, GAP + place * (SIDE + 1) + SIDE // 2]
        np.testing.assert_array_equal(middle, colour)
