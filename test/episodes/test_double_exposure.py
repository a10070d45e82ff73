# SPDX-License-Identifier: Apache-2.0
"""Double exposures on disk: whole, or refused with a reason."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES, DoubleExposure
from ami_ros.errors import EpisodeError

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 6, 3), dtype=np.uint8)
VARIED, PLAIN = IMAGES
RECORD = DoubleExposure({"eye": VARIED, "wrist": VARIED[:, 1:]}, {"eye": PLAIN, "wrist": PLAIN[:, 1:]})


def test_what_is_written_is_read(tmp_path):
    assert DOUBLE_EXPOSURE_FILES.finished(tmp_path) == []
    DOUBLE_EXPOSURE_FILES.write(tmp_path, 7, RECORD)
    assert DOUBLE_EXPOSURE_FILES.finished(tmp_path) == [DOUBLE_EXPOSURE_FILES.path(tmp_path, 7)]
    found = DOUBLE_EXPOSURE_FILES.read(DOUBLE_EXPOSURE_FILES.path(tmp_path, 7))
    for side in ("varied", "plain"):
        assert set(getattr(found, side)) == {"eye", "wrist"}
        for camera, images in getattr(RECORD, side).items():
            np.testing.assert_array_equal(getattr(found, side)[camera], images)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"varied": {"eye": VARIED.astype(np.float32)}}, "varied.eye: got float32"),
        ({"plain": {"eye": PLAIN[..., :2]}}, "plain.eye: got uint8"),
        ({"varied": {"eye": VARIED}, "plain": {"eye": PLAIN[:2]}}, "eye: got 3 varied and 2 plain images"),
        ({"plain": {"eye": PLAIN}}, "got arrays .*expected .*'plain.wrist'"),
        ({"varied": {}, "plain": {}}, "expected varied and plain images"),
    ],
)
def test_malformed_pictures_are_refused(tmp_path, changes, message):
    DOUBLE_EXPOSURE_FILES.write(tmp_path, 0, dataclasses.replace(RECORD, **changes))
    with pytest.raises(EpisodeError, match=message):
        DOUBLE_EXPOSURE_FILES.read(DOUBLE_EXPOSURE_FILES.path(tmp_path, 0))


def test_a_truncated_file_is_refused(tmp_path):
    DOUBLE_EXPOSURE_FILES.write(tmp_path, 0, RECORD)
    path = DOUBLE_EXPOSURE_FILES.path(tmp_path, 0)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EpisodeError, match="not a readable"):
        DOUBLE_EXPOSURE_FILES.read(path)
