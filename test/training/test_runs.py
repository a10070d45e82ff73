# SPDX-License-Identifier: Apache-2.0
"""Held out are whole runs, about as many episodes as asked for."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from small_data import record

from ami_ros.episodes.episode import OWN_RUN, episode_path, write_episode
from ami_ros.training.runs import whole_runs


def episodes(folder, *lengths: int):
    """Write runs of so many episodes; 0 stands for an episode that is a run of its own."""
    runs = chain.from_iterable([run] * length or [OWN_RUN] for run, length in enumerate(lengths))
    paths = []
    for number, run in enumerate(runs):
        paths.append(episode_path(folder, number))
        write_episode(paths[-1], replace(record(number), run=np.asarray(run, dtype=np.int64)))
    return paths


@pytest.mark.parametrize(
    ("lengths", "wanted", "held"),
    [
        ((0,) * 10, 2, 2),
        ((3, 3, 3), 3, 3),
        ((3, 3, 3), 2, 3),
        ((4, 4, 3, 2), 3, 5),
        ((4, 2, 5, 2), 3, 2),  # the larger number is more than twice as many
        ((12,), 3, 3),  # one recording
        ((1, 11), 3, 3),
    ],
)
def test_no_run_is_split_if_that_can_be(tmp_path, lengths, wanted, held):
    assert whole_runs(episodes(tmp_path, *lengths), wanted) == held
