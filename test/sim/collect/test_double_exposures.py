# SPDX-License-Identifier: Apache-2.0
"""Scenes photographed twice: only the look differs, every kind of it comes up, and a seed repeats."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.configuration import Configuration
from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES
from ami_ros.sim.camera.variation import NAMES
from ami_ros.sim.collect.collect_pictures import (
    DOUBLE_EXPOSURES,
    SCENES,
    DoubleExposureRecorder,
    collect_pictures,
)


def configuration(count: int) -> Configuration:
    return Configuration.load("panda", "push", {"collect": {"double_exposures": count, "workers": 1}})


TWO = configuration(2)
SIDE = TWO.model.image_size


@pytest.fixture(scope="module")
def recorder():
    return DoubleExposureRecorder(TWO)


def grey(images: np.ndarray) -> np.ndarray:
    return images.astype(float).mean(axis=3).reshape(len(images), -1)


@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_both_show_the_same_scenes_in_another_look(recorder, index):
    record = recorder.record(index)
    shape = (SCENES, SIDE, SIDE, 3)
    assert record.varied["camera"].shape == record.plain["camera"].shape == shape
    varied, plain = grey(record.varied["camera"]), grey(record.plain["camera"])
    assert (np.abs(varied - plain).max(axis=1) > 3.0).all()
    # A scene resembles itself in the other look more than it resembles the other scenes.
    varied, plain = (x - x.mean(axis=0) for x in (varied, plain))
    likeness = (varied / np.linalg.norm(varied, axis=1, keepdims=True)) @ (
        plain / np.linalg.norm(plain, axis=1, keepdims=True)
    ).T
    own = np.diagonal(likeness)
    assert (own > (likeness.sum(axis=1) - own) / (SCENES - 1) + 0.2).all()


def test_a_look_is_the_same_whatever_was_recorded_before(recorder):
    recorder.record(5)
    first = recorder.record(1)
    again = DoubleExposureRecorder(TWO).record(1)
    np.testing.assert_array_equal(first.varied["camera"], again.varied["camera"])
    np.testing.assert_array_equal(first.plain["camera"], again.plain["camera"])
    assert np.abs(first.plain["camera"].astype(int) - recorder.record(2).plain["camera"]).max() > 10


def test_a_killed_recording_goes_on(tmp_path):
    assert list(collect_pictures(DOUBLE_EXPOSURES, configuration(1), tmp_path)) == [0]
    assert DOUBLE_EXPOSURES.missing(TWO, tmp_path) == [1]
    assert list(collect_pictures(DOUBLE_EXPOSURES, TWO, tmp_path)) == [1]
    assert len(DOUBLE_EXPOSURE_FILES.finished(tmp_path)) == 2
