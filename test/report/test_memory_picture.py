# SPDX-License-Identifier: Apache-2.0
"""A contact sheet of whatever a memory holds: drawn in some seconds, and names are but names."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from memories import moment

from ami_ros.memory.moment import Remembered
from ami_ros.report import memory_picture
from ami_ros.report.memory_picture import contact_sheet, thinned

SLOW_S = 20.0  # next to other tests; a name of a thousand characters takes as long if it is drawn


def drawn(moments: list[Remembered], title: str = "robot") -> tuple[int, int]:
    """Return height and width of a sheet, px."""
    sheet = cv2.imdecode(np.frombuffer(contact_sheet(moments, title), np.uint8), cv2.IMREAD_COLOR)
    return sheet.shape[:2]


@pytest.mark.parametrize("name", ["$\\frac{$", "n" * 10**6, "a\nb\x1b[2J", "^_$^_$", ""])
def test_a_name_is_drawn_as_it_is_and_no_wider_than_its_place(name):
    images = {"camera": moment(1).images["camera"]}
    begin_s = time.monotonic()
    size = drawn([Remembered(1, 1, moment(1, images=images), (name,) * 3)], name[:50])
    assert time.monotonic() - begin_s < SLOW_S
    assert size == drawn([Remembered(1, 1, moment(1, images=images), ("home",))])


def test_more_pictures_than_there_is_room_for_are_thinned_out(monkeypatch):
    monkeypatch.setattr(memory_picture, "MOST_PICTURES", 4)
    flat = moment(1).images["camera"]
    many = [Remembered(1, 1, moment(1, images={f"c{at}": flat for at in range(100)}), ())]
    few = [Remembered(1, 1, moment(1, images={f"c{at}": flat for at in range(4)}), ())]
    assert drawn(many) == drawn(few)


def test_the_first_and_the_last_stay():
    assert thinned(["a", "b", "c", "d", "e"], 3) == ["a", "c", "e"] and thinned(["a"], 3) == ["a"]
