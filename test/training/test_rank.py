# SPDX-License-Identifier: Apache-2.0
"""Rank statistics against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.training.rank import ranks, roc_auc, spearman


def test_equal_values_share_their_mean_rank():
    assert ranks([30.0, 10.0, 20.0, 20.0]).tolist() == [3.0, 0.0, 1.5, 1.5]


def test_spearman_sees_order_and_not_size():
    values = np.random.default_rng(0).normal(size=50)
    assert spearman(values, np.exp(values)) == pytest.approx(1.0)
    assert spearman(values, -(values**3)) == pytest.approx(-1.0)
    assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(0.8)  # 1 - 6 * 4 / (5 * 24)
    assert abs(spearman(values, np.random.default_rng(1).normal(size=50))) < 0.3


def test_spearman_of_a_constant_says_nothing():
    assert spearman([1.0, 2.0, 3.0], [5.0, 5.0, 5.0]) == 0.0


def test_auc_by_counting_pairs():
    assert roc_auc([1.0, 2.0], [3.0, 4.0, 5.0]) == 1.0
    assert roc_auc([3.0, 4.0], [1.0]) == 0.0
    assert roc_auc([1.0, 3.0], [2.0, 4.0]) == 0.75
    assert roc_auc([1.0, 1.0], [1.0]) == 0.5
