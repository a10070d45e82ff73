# SPDX-License-Identifier: Apache-2.0
"""A small memory for tests that read, damage or attack it."""

from __future__ import annotations

import pytest
from memories import MODEL, moment

from ami_ros.memory.moment import Episode
from ami_ros.memory.store import Store


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "robot.sqlite"
    with Store(path) as store:
        store.append([(store.begin(Episode("reach")), moment(number)) for number in range(3)], MODEL)
        store.name("home", 1)
    return path
