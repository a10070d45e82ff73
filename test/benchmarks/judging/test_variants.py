# SPDX-License-Identifier: Apache-2.0
"""Recordings with a fault are recordings still, and each fault does what it says and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from small_data import record, write_episodes

from ami_ros.episodes.episode import episode_arrays, list_episodes, read_episode
from ami_ros.errors import ConfigError
from benchmarks.judging.spoiling import FAULTS, LATE_STEPS
from benchmarks.judging.variants import NONE, VARIANTS, Variant, chosen, spoil

EPISODES, STEPS = 6, 11
TOUCHED = {"actions": "actions", "channels": "actions", "joints": "vector.", "camera": "image.", "pictures": "image."}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_touches_one_thing_and_is_the_same_each_time(fault):
    before = record(3, steps=STEPS)
    after = [episode_arrays(FAULTS[fault](before, np.random.default_rng(2))) for _ in range(2)]
    touched = TOUCHED[fault.partition("_")[0]]
    for name, values in episode_arrays(before).items():
        assert np.array_equal(after[0][name], after[1][name])
        assert after[0][name].dtype == values.dtype and after[0][name].shape == values.shape
        assert np.array_equal(after[0][name], values) != name.startswith(touched), name


def test_faults_by_hand():
    before, generator = record(3, steps=STEPS), np.random.default_rng(2)
    frames = before.images["camera"]
    frozen = FAULTS["camera_frozen"](before, generator).images["camera"]
    assert (frozen == frames[0]).all()
    assert not FAULTS["camera_covered"](before, generator).images["camera"].any()
    late = FAULTS["actions_late"](before, generator).actions
    assert np.array_equal(late[LATE_STEPS:], before.actions[:-LATE_STEPS])
    shuffled = FAULTS["actions_shuffled"](before, generator).actions
    assert sorted(map(tuple, shuffled)) == sorted(map(tuple, before.actions))


def test_a_spoilt_data_set_has_fewer_episodes_or_wrong_ones_and_is_kept(tmp_path):
    good, out = tmp_path / "good", tmp_path / "out"
    good.mkdir()
    write_episodes(good, EPISODES, steps=STEPS)
    assert spoil(good, Variant("good"), EPISODES, out) == good
    few = spoil(good, Variant("few", episodes=0.7), EPISODES, tmp_path / "few")
    assert [path.name for path in list_episodes(few)] == [f"episode_{i:06d}.npz" for i in range(4)]
    assert spoil(good, Variant("dark", fault="camera_covered"), EPISODES, out) == out
    paths = list_episodes(out)
    assert len(paths) == EPISODES and not read_episode(paths[-1]).images["camera"].any()
    before = [path.stat().st_mtime_ns for path in paths]
    spoil(good, Variant("dark", fault="camera_covered"), EPISODES, out)
    assert [path.stat().st_mtime_ns for path in paths] == before


def test_there_are_enough_good_and_bad_ones():
    assert len(VARIANTS) >= 12
    assert VARIANTS["untrained"].steps_of(400) == 1
    assert VARIANTS["episodes_fewest"].episodes_of(40) == 4


def test_variants_by_name():
    assert chosen([]) == list(VARIANTS.values())
    assert chosen([NONE]) == []
    assert [it.name for it in chosen(["untrained", "good", "good"])] == ["untrained", "good"]
    with pytest.raises(ConfigError, match="got .'best'., expected some of .*'untrained'.*, or none alone"):
        chosen(["best"])
