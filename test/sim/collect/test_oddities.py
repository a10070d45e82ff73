# SPDX-License-Identifier: Apache-2.0
"""What is recorded beyond the training range is there to be seen, and the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.configuration import Configuration
from ami_ros.episodes.oddity import ODDITY_FILES
from ami_ros.errors import EpisodeError
from ami_ros.sim.camera.variation import NAMES, beyond_variation
from ami_ros.sim.camera.variation_settings import load_variation_settings
from ami_ros.sim.collect.collect_pictures import ODDITIES, collect_pictures
from ami_ros.sim.collect.oddities import KINDS, OddityRecorder

JOINTS = 7


def configuration(task: str, oddities: int = 3, **more: int) -> Configuration:
    settings = {"oddities": oddities, "episode_steps": 4, "workers": 1, **more}
    return Configuration.load("panda", task, {"collect": settings})


SIDE = configuration("push").model.image_size


@pytest.fixture(scope="module")
def recorder():
    return OddityRecorder(configuration("push"))


def test_a_moment_has_a_picture_of_every_kind(recorder):
    record = recorder.record(0)
    assert tuple(record.kinds) == KINDS
    assert record.images["camera"].shape == (len(KINDS), SIDE, SIDE, 3)
    assert record.vectors["joints"].shape == (2 * JOINTS,)
    flat = record.images["camera"].reshape(len(KINDS), -1).astype(int)
    for i in range(len(KINDS)):
        for j in range(i):
            assert np.abs(flat[i] - flat[j]).max() > 10, (KINDS[i], KINDS[j])


def test_a_moment_is_the_same_whatever_was_recorded_before(recorder):
    recorder.record(5)
    np.testing.assert_array_equal(*(recorder.record(1).images["camera"] for _ in range(2)))


def test_only_the_named_kind_lies_beyond_the_range():
    settings = load_variation_settings()
    for seed in range(50):
        generator = np.random.default_rng(seed)
        looks = beyond_variation(settings, generator, "noise", 2.0)
        assert settings.noise_std <= looks.noise_std <= 2.0 * settings.noise_std
        assert looks.blur_sigma <= settings.blur_sigma
        assert np.linalg.norm(looks.camera.offset) <= settings.camera_position * (1 + 1e-9)
    for name in NAMES:
        beyond_variation(settings, np.random.default_rng(0), name, 2.0)


def test_a_killed_recording_goes_on_and_other_settings_are_refused(tmp_path):
    three, one = configuration("reach"), configuration("reach", 1)
    assert list(collect_pictures(ODDITIES, one, tmp_path)) == [0]
    before = ODDITY_FILES.finished(tmp_path)[0].read_bytes()
    assert ODDITIES.missing(three, tmp_path) == [1, 2]
    assert sorted(collect_pictures(ODDITIES, three, tmp_path)) == [1, 2]
    paths = ODDITY_FILES.finished(tmp_path)
    assert len(paths) == 3
    assert paths[0].read_bytes() == before
    assert set(ODDITY_FILES.read(paths[2]).kinds) == set(KINDS)
    assert list(collect_pictures(ODDITIES, three, tmp_path)) == []
    other = configuration("reach", 4, seed=99)
    with pytest.raises(EpisodeError, match="with other settings"):
        list(collect_pictures(ODDITIES, other, tmp_path))
