# SPDX-License-Identifier: Apache-2.0
"""Recordings of a square that moves before a camera that stands still."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_data import record

from ami_ros.augmentation.recordings import Recordings
from ami_ros.augmentation.settings import load_augmentation_settings
from ami_ros.episodes.episode import episode_path, write_episode
from ami_ros.sim.camera.variation_settings import load_variation_settings

EPISODES, STEPS = 6, 15
FEW = {"looks": 2, "double_exposures": 3, "oddities": 2, "event_pairs": 2, "event_steps": 14}


@pytest.fixture
def paths(tmp_path) -> list[Path]:
    folder = tmp_path / "recorded"
    found = [episode_path(folder, index) for index in range(EPISODES)]
    for index, path in enumerate(found):
        plain = dataclasses.replace(record(index, steps=STEPS), look=np.asarray(0, dtype=np.int64))
        write_episode(path, plain)
    return found


@pytest.fixture
def recordings(paths) -> Recordings:
    return Recordings(paths, load_augmentation_settings(FEW), load_variation_settings())
