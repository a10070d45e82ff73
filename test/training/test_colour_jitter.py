# SPDX-License-Identifier: Apache-2.0
"""Other colours: plain looks stay plain, what looks alike stays alike, and the range is as told."""

from __future__ import annotations

import numpy as np

from ami_ros.data.episode import PLAIN_LOOK
from ami_ros.training.colour_jitter import jittered

WINDOWS, FRAMES, HEIGHT, WIDTH = 6, 3, 4, 5
LOOKS = np.array([PLAIN_LOOK, 7, 7, 9, 9, PLAIN_LOOK])
LARGEST = 0.3


def pictures() -> np.ndarray:
    shape = (WINDOWS, FRAMES, HEIGHT, WIDTH, 3)
    return np.random.default_rng(0).integers(60, 180, shape, dtype=np.uint8)


def test_plain_windows_are_left_alone_and_others_change():
    images = pictures()
    before = images.copy()
    changed = jittered(images, LOOKS, LARGEST, np.random.default_rng(1))
    np.testing.assert_array_equal(images, before)
    for window, look in enumerate(LOOKS):
        assert np.array_equal(changed[window], images[window]) == (look == PLAIN_LOOK)


def test_what_looked_alike_looks_alike_and_different_looks_differ():
    images = np.broadcast_to(pictures()[:1], (WINDOWS, FRAMES, HEIGHT, WIDTH, 3))
    changed = jittered(images, LOOKS, LARGEST, np.random.default_rng(1))
    np.testing.assert_array_equal(changed[1], changed[2])
    np.testing.assert_array_equal(changed[3], changed[4])
    assert np.abs(changed[1].astype(int) - changed[3].astype(int)).max() > 5


def test_nothing_changes_when_nothing_shall():
    changed = jittered(pictures(), LOOKS, 0.0, np.random.default_rng(1))
    np.testing.assert_array_equal(changed, pictures())


def test_grey_stays_in_range_over_many_draws():
    grey = np.full((1, 1, 1, 1, 3), 100, dtype=np.uint8)
    drawn = np.array(
        [jittered(grey, np.array([1]), LARGEST, np.random.default_rng(i))[0, 0, 0, 0] for i in range(200)]
    )
    largest = 0.3 * LARGEST * 255.0
    assert drawn.min() >= 100 * (1 - LARGEST) - largest - 1
    assert drawn.max() <= 100 * (1 + LARGEST) + largest + 1
    assert drawn.std(axis=0).min() > 10.0
