# SPDX-License-Identifier: Apache-2.0
"""The nearest is found, by looking at all or by a graph; and both say the same."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.errors import MemoryFileError
from ami_ros.memory.index import Index

SIZE, COUNT, SOME = 6, 400, 5


def points(count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, SIZE)).astype(np.float16)


def by_hand(all_of_them: np.ndarray, point: np.ndarray) -> tuple[list[int], np.ndarray]:
    away = np.linalg.norm(all_of_them.astype(np.float64) - point, axis=1)
    order = np.argsort(away)[:SOME]
    return order.tolist(), away[order]


def filled(exact_up_to: int, step: int = COUNT) -> Index:
    index = Index(SIZE, exact_up_to)
    for first in range(0, COUNT, step):
        index.add(1000 + np.arange(first, min(first + step, COUNT)), points()[first : first + step])
    return index


@pytest.mark.parametrize("step", [COUNT, 37])
@pytest.mark.parametrize("exact_up_to", [COUNT, 100], ids=["all", "graph"])
def test_the_nearest_are_found(exact_up_to, step):
    if exact_up_to < COUNT:
        pytest.importorskip("usearch", reason="needs the extra 'memory'")
    index = filled(exact_up_to, step)
    assert len(index) == COUNT
    for seed in range(20):
        point = np.random.default_rng(100 + seed).normal(size=SIZE).astype(np.float32)
        ids, away = index.nearest(point, SOME)
        wanted, how_far = by_hand(points(), point.astype(np.float16) if exact_up_to < COUNT else point)
        assert (ids - 1000).tolist() == wanted
        np.testing.assert_allclose(away, how_far, rtol=5e-3)


@pytest.mark.parametrize("exact_up_to", [COUNT, 10], ids=["all", "graph"])
def test_a_point_is_its_own_nearest(exact_up_to):
    if exact_up_to < COUNT:
        pytest.importorskip("usearch", reason="needs the extra 'memory'")
    index = filled(exact_up_to)
    ids, away = index.nearest(points()[17].astype(np.float32), 1)
    assert ids.tolist() == [1017] and away[0] < 0.02


def test_of_few_all_are_returned_and_of_none_nothing():
    index = Index(SIZE)
    ids, away = index.nearest(np.zeros(SIZE, np.float32), SOME)
    assert len(ids) == len(away) == 0
    index.add(np.array([5, 9]), points(2))
    ids, away = index.nearest(np.zeros(SIZE, np.float32), SOME)
    assert sorted(ids) == [5, 9] and away[0] <= away[1]


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, SIZE + 1)), np.zeros((3, SIZE)), np.full((2, SIZE), np.nan), np.full((2, SIZE), 1e9)],
)
def test_what_is_no_point_is_refused(wrong):
    index = Index(SIZE)
    with pytest.raises(MemoryFileError, match="expected 6 finite numbers"):
        index.add(np.array([1, 2]), wrong)
    assert len(index) == 0
