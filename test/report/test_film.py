# SPDX-License-Identifier: Apache-2.0
"""Expected pictures are held against those that the camera took when they were due."""

from __future__ import annotations

import numpy as np

from ami_ros.report.film import Film

SIDE, LARGE, BLOCKS, BLOCK_NS = 4, 8, 3, 100


def strip(value):
    return np.full((SIDE, BLOCKS * SIDE, 3), value, np.uint8)


def film(until_ns):
    it = Film(BLOCK_NS)
    for stamp_ns in range(0, until_ns + 1, 50):
        it.see(np.full((LARGE, LARGE, 3), stamp_ns // 5, np.uint8), stamp_ns + 3)
    return it


def test_the_first_strip_that_came_true_is_paired_with_what_was_seen_when_it_was_due():
    it = film(until_ns=500)
    it.expect(strip(9), 150)
    it.expect(strip(8), 400)  # not yet due
    expected, happened = it.pair()
    assert (expected == 9).all() and happened.shape == expected.shape
    assert [int(happened[0, block * SIDE, 0]) for block in range(BLOCKS)] == [50, 70, 90]


def test_what_never_came_due_is_not_shown():
    it = film(until_ns=300)
    it.expect(strip(9), 150)
    assert it.pair() is None and Film(BLOCK_NS).pair() is None
