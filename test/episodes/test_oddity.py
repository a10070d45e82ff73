# SPDX-License-Identifier: Apache-2.0
"""Pictures from beyond the training range on disk: whole, or refused with a reason."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ami_ros.episodes.oddity import ODDITY_FILES, OddityRecord
from ami_ros.errors import EpisodeError

COUNT, SIZE, JOINTS = 3, 5, 4
IMAGES = np.random.default_rng(0).integers(0, 256, (COUNT, SIZE, SIZE + 1, 3), dtype=np.uint8)
VECTOR = np.linspace(-1, 1, 2 * JOINTS, dtype=np.float32)
RECORD = OddityRecord(
    images={"eye": IMAGES, "wrist": IMAGES[:, 1:]},
    kinds=np.array(["light", "blur", "bystander"]),
    vectors={"joints": VECTOR},
)


def test_what_is_written_is_read(tmp_path):
    ODDITY_FILES.write(tmp_path, 12, RECORD)
    assert ODDITY_FILES.finished(tmp_path) == [ODDITY_FILES.path(tmp_path, 12)]
    found = ODDITY_FILES.read(ODDITY_FILES.path(tmp_path, 12))
    np.testing.assert_array_equal(found.kinds, RECORD.kinds)
    np.testing.assert_array_equal(found.vectors["joints"], VECTOR)
    assert set(found.images) == set(RECORD.images)
    for camera, images in RECORD.images.items():
        np.testing.assert_array_equal(found.images[camera], images)


def test_a_data_set_may_have_none(tmp_path):
    assert ODDITY_FILES.finished(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": {"eye": IMAGES.astype(np.float32)}}, "image.eye: got float32"),
        ({"images": {"eye": IMAGES[..., :2]}}, "expected uint8"),
        ({"images": {"eye": IMAGES, "wrist": IMAGES[1:]}}, "expected one name for each of 2 images"),
        ({"images": {}}, "expected images of a camera"),
        ({"kinds": RECORD.kinds[:2]}, "expected one name for each of 3 images"),
        ({"kinds": np.arange(COUNT)}, "kinds: got int64"),
        ({"vectors": {"joints": VECTOR.astype(np.float64)}}, "vector.joints: got float64"),
        ({"vectors": {"joints": VECTOR[None]}}, "vector.joints: got float32"),
        ({"vectors": {"joints": VECTOR * np.nan}}, "expected finite float32"),
    ],
)
def test_malformed_pictures_are_refused(tmp_path, changes, message):
    ODDITY_FILES.write(tmp_path, 0, dataclasses.replace(RECORD, **changes))
    with pytest.raises(EpisodeError, match=message):
        ODDITY_FILES.read(ODDITY_FILES.path(tmp_path, 0))


def test_a_truncated_file_is_refused(tmp_path):
    ODDITY_FILES.write(tmp_path, 0, RECORD)
    path = ODDITY_FILES.path(tmp_path, 0)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EpisodeError, match="not a readable"):
        ODDITY_FILES.read(path)
