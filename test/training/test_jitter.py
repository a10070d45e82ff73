# SPDX-License-Identifier: Apache-2.0
"""Pictures of a window move and change their colours alike; those of another window otherwise."""

from __future__ import annotations

import numpy as np

from ami_ros.training.jitter import jittered

SIDE = 20


def windows(count: int = 6) -> np.ndarray:
    """Return windows of three equal pictures, grey with a white pixel in the middle."""
    pictures = np.full((count, 3, SIDE, SIDE, 3), 90, np.uint8)
    pictures[:, :, SIDE // 2, SIDE // 2] = 250
    return pictures


def places(pictures: np.ndarray) -> np.ndarray:
    """Return row and column of the brightest pixel of each picture (B, T, 2)."""
    flat = pictures.astype(int).sum(axis=-1).reshape(*pictures.shape[:2], -1)
    return np.stack(np.unravel_index(flat.argmax(axis=-1), (SIDE, SIDE)), axis=-1)


def test_a_window_moves_as_one_and_not_further_than_asked():
    found = jittered(windows(40), 0.15, 0.0, np.random.default_rng(0))
    assert found.shape == windows(40).shape and found.dtype == np.uint8
    moved = places(found) - SIDE // 2
    assert (moved == moved[:, :1]).all()
    assert np.abs(moved).max() == 3
    assert len(np.unique(moved[:, 0], axis=0)) > 10
    assert set(np.unique(found)) == {90, 250}  # the border is repeated, not black


def test_colours_change_alike_within_a_window():
    found = jittered(windows(), 0.0, 0.2, np.random.default_rng(0))
    assert (places(found) == SIDE // 2).all()
    grey = found[:, :, 0, 0].astype(float)
    assert (grey == grey[:, :1]).all()
    assert np.ptp(grey[:, 0], axis=0).min() > 10
    assert np.abs(grey - 90).max() <= 90 * 0.2 + 255 * 0.3 * 0.2 + 1


def test_without_either_nothing_changes():
    assert np.array_equal(jittered(windows(), 0.0, 0.0, np.random.default_rng(0)), windows())
