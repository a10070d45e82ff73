# SPDX-License-Identifier: Apache-2.0
"""A memory as files: all of them in the folder that was named."""

from __future__ import annotations

import pytest
from memories import moment

from ami_ros.errors import MemoryFileError
from ami_ros.memory.files import as_files
from ami_ros.memory.moment import Episode
from ami_ros.memory.store import Store


@pytest.mark.parametrize("camera", ["/../../../escaped", "..", "left/right", "", "nul\0"])
def test_a_memory_from_elsewhere_writes_nothing_outside_the_folder(tmp_path, camera):
    images, out = moment(1).images, tmp_path / "a" / "b" / "out"
    with Store(tmp_path / "robot.sqlite") as store:
        episode = store.begin(Episode("reach"))
        ids = store.append([(episode, moment(1, images={camera: images["camera"]}))])
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(MemoryFileError, match="moment 1: got a camera .*`ami-ros memory forget 1`"):
            list(as_files(store, ids, out))
        assert sorted(tmp_path.rglob("*")) == before
