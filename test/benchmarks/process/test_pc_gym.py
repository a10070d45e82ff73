# SPDX-License-Identifier: Apache-2.0
"""pc-gym itself: each plant runs, its oracle beats doing nothing, and logs become episodes of our robot."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pcgym", reason="needs the extra 'process'", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.episode import list_episodes, read_episode
from benchmarks.process.controllers import NMPC, Hold
from benchmarks.process.plants import PLANTS
from benchmarks.process.recording import Logs
from benchmarks.process.rows import returned
from benchmarks.process.world import World

pytestmark = pytest.mark.filterwarnings("ignore")  # of JAX and CasADi, about their own future


@pytest.mark.parametrize("name", PLANTS)
def test_who_knows_the_equations_beats_who_does_nothing(name):
    plant = PLANTS[name]
    world = World(plant)
    assert returned(world, NMPC(plant), 3) > returned(world, Hold(), 3)
    assert returned(world, Hold(), 3) == returned(world, Hold(), 3)


@pytest.mark.parametrize("name", ["cstr", "crystallisation"])
def test_logs_become_episodes(name, tmp_path):
    plant = PLANTS[name]
    spec, logs = load_robot(str(plant.robot)), Logs(plant, 2 * (plant.steps - 1))
    logs.write(tmp_path, spec)
    first, second = (read_episode(path) for path in list_episodes(tmp_path))
    assert first.actions.shape == (plant.steps - 1, len(plant.low))
    for at, sensor in enumerate(plant.states):
        np.testing.assert_allclose(second.vectors[sensor][:, 0], logs.seen[1, :, at], rtol=1e-5)
    assert (np.array(plant.low) <= logs.done).all() and (logs.done <= np.array(plant.high)).all()
    assert (np.abs(np.diff(logs.done, axis=1)) <= np.array(plant.rate) + 1e-9).all()
