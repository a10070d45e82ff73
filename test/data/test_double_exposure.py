# SPDX-License-Identifier: Apache-2.0
"""Double exposures on disk: whole, or refused with a reason."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ami_ros.data.double_exposure import DOUBLE_EXPOSURE_FILES, DoubleExposure
from ami_ros.errors import EpisodeError

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 6, 3), dtype=np.uint8)
RECORD = DoubleExposure(varied=IMAGES[0], plain=IMAGES[1])


def test_what_is_written_is_read(tmp_path):
    assert DOUBLE_EXPOSURE_FILES.finished(tmp_path) == []
    DOUBLE_EXPOSURE_FILES.write(tmp_path, 7, RECORD)
    assert DOUBLE_EXPOSURE_FILES.finished(tmp_path) == [DOUBLE_EXPOSURE_FILES.path(tmp_path, 7)]
    found = DOUBLE_EXPOSURE_FILES.read(DOUBLE_EXPOSURE_FILES.path(tmp_path, 7))
    np.testing.assert_array_equal(found.varied, RECORD.varied)
    np.testing.assert_array_equal(found.plain, RECORD.plain)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"varied": RECORD.varied.astype(np.float32)}, "varied: got float32"),
        ({"plain": RECORD.plain[..., :2]}, "plain: got uint8"),
        ({"plain": RECORD.plain[:2]}, "3 varied and 2 plain images"),
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
