# SPDX-License-Identifier: Apache-2.0
"""Pictures that repeat, are blank, change their size, or come compressed."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from heard_samples import heard, samples
from robots import made_up_robot

from ami_ros.doctor.live.heard import Picture
from ami_ros.doctor.live.pictures import Stir, frozen, picture
from ami_ros.doctor.live.reading import PictureReader

CAMERA = made_up_robot().camera  # 48 x 40
GOOD = Picture(48, 40, "rgb8", is_blank=False)
HEADER = SimpleNamespace(stamp=SimpleNamespace(sec=1, nanosec=5))


@pytest.mark.parametrize(
    ("contents", "stir", "level"),
    [
        (range(20), Stir.MOVED, "ok"),
        ([7] * 20, Stir.STILL, "ok"),
        ([7] * 20, Stir.ALIVE, "warn"),
        ([7] * 20, Stir.MOVED, "fail"),
        ([number // 2 for number in range(20)], Stir.MOVED, "warn"),  # each one twice
        ([0, 0, *range(18)], Stir.MOVED, "ok"),
    ],
)
def test_frozen(contents, stir, level):
    run = [s._replace(content=content) for s, content in zip(samples(20, 100), contents, strict=True)]
    unread = samples(5, 100)[0]._replace(content=None, error="too large")
    assert frozen(CAMERA, heard([unread]), stir) is None
    finding = frozen(CAMERA, heard([unread, *run]), stir)
    assert finding.level == level and bool(finding.advice) == (level != "ok")


@pytest.mark.parametrize(
    ("kinds", "level", "advice"),
    [
        ([GOOD], "ok", ""),
        ([GOOD._replace(is_blank=True)], "warn", "lens cap"),
        ([GOOD, GOOD._replace(width=96, height=80)], "warn", "keep one size"),
        ([GOOD._replace(width=96, height=80)], "warn", "write width: 96 and height: 80"),
        ([GOOD._replace(width=96)], "fail", "crop"),
    ],
)
def test_size(kinds, level, advice):
    run = [s._replace(value=kinds[i % len(kinds)]) for i, s in enumerate(samples(4, 100))]
    finding = picture(CAMERA, heard(run))
    assert finding.level == level and advice in finding.advice


def test_too_large_a_picture_has_another_fix():
    run = [s._replace(error="got a message of 99 bytes, expected at most 9") for s in samples(2, 100)]
    assert "max_image_pixels" in picture(CAMERA, heard(run)).advice


def test_compressed_pictures_are_read_and_bombs_refused():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    good = SimpleNamespace(header=HEADER, format="jpeg", data=cv2.imencode(".jpg", pixels)[1].tobytes())
    read = PictureReader(48 * 40).read(good)
    assert read.value == GOOD._replace(encoding="jpeg") and read.stamp_ns == 10**9 + 5 and read.content
    assert "expected at most 100" in PictureReader(100).read(good).error
