# SPDX-License-Identifier: Apache-2.0
"""The picture of an arm at home and in the corners of its workspace."""

from __future__ import annotations

import numpy as np
import pytest
from robots import changed

pytest.importorskip("pybullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import EmbodimentError
from ami_ros.report.robot_picture import COLUMNS, HEIGHT, PAPER, robot_picture

ROWS = 3


def test_every_corner_is_shown_and_one_out_of_reach_is_empty():
    spec = load_robot("panda", "reach")
    far = changed(spec, workspace=np.array([spec.workspace[0], [2.0, *spec.workspace[1, 1:]]]))
    picture = robot_picture(far, 200.0)
    assert picture.shape == (ROWS * HEIGHT, COLUMNS * HEIGHT, 3)
    tiles = picture.reshape(ROWS, HEIGHT, COLUMNS, HEIGHT, 3).swapaxes(1, 2).reshape(-1, HEIGHT, HEIGHT, 3)
    empty = [(tile[20:] == PAPER).all() for tile in tiles]  # below the caption
    assert empty == [False] * 5 + [True] * 4
    assert len({tile.tobytes() for tile in tiles[:5]}) == 5


def test_a_base_has_no_such_picture():
    with pytest.raises(EmbodimentError, match="husky: picture: got a body without arm"):
        robot_picture(load_robot("husky", "drive"), 200.0)
