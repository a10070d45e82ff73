# SPDX-License-Identifier: Apache-2.0
"""pc-gym itself: each plant runs, its oracle beats doing nothing, and logs become episodes of our robot."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pcgym", reason="needs the extra 'process'", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.episode import list_episodes, read_episode
from benchmarks.process.controllers import NMPC, Hold
from benchmarks.process.gated import GatedPlant
from benchmarks.process.plants import PLANTS
from benchmarks.process.recording import Logs
from benchmarks.process.rows import outcome
from benchmarks.process.world import World

pytestmark = pytest.mark.filterwarnings("ignore")  # of JAX and CasADi, about their own future


@pytest.mark.parametrize("name", PLANTS)
def test_who_knows_the_equations_beats_who_does_nothing(name):
    plant = PLANTS[name]
    world = World(plant)
    still = outcome(world, Hold(), 3)
    assert outcome(world, NMPC(plant), 3).returned > still.returned
    assert outcome(world, Hold(), 3) == still


@pytest.mark.parametrize("name", ["cstr", "crystallisation"])
def test_logs_become_episodes(name, tmp_path):
    plant = PLANTS[name]
    spec, logs = load_robot(str(plant.robot)), Logs(plant, 2 * (plant.steps - 1))
    logs.write(tmp_path, spec)
    first, second = (read_episode(path) for path in list_episodes(tmp_path))
    assert first.actions.shape == (plant.steps - 1, len(plant.low))
    measured = [plant.disturbances[name].sensor for name in plant.measured]
    for at, sensor in enumerate([*plant.states, *measured]):
        np.testing.assert_allclose(second.vectors[sensor][:, 0], logs.seen[1, :, at], rtol=1e-5)
    assert (np.array(plant.low) <= logs.done).all() and (logs.done <= np.array(plant.high)).all()
    assert (np.abs(np.diff(logs.done, axis=1)) <= np.array(plant.rate) + 1e-9).all()


@pytest.mark.parametrize("name", PLANTS)
def test_the_gate_leads_inputs_where_a_plan_wants_them_as_fast_as_the_plant_allows(name):
    plant = PLANTS[name]
    gated, before = GatedPlant(load_robot(str(plant.robot))), np.array(plant.first)
    gated.begin()
    seen = World(plant).begin(3)
    for wanted in (plant.high, plant.low, plant.high):
        inputs = gated.inputs(np.tile(wanted, (3, 1, 1)), gated.sense(seen, before))
        rate = np.array(plant.rate)
        allowed = np.clip(wanted, before - rate, before + rate)
        assert (np.abs(inputs - allowed) <= 0.02 * rate).all(), f"{inputs} instead of {allowed}"
        np.testing.assert_array_equal(plant.followed(before, inputs), inputs)
        before = inputs
    assert gated.unsafe == 0 and gated.ticks["HOLD"] == gated.ticks["STOP"] == 0


def test_a_value_that_leaves_its_envelope_leads_the_inputs_to_their_rest():
    plant = PLANTS["cstr"]
    gated = GatedPlant(load_robot(str(plant.robot)))
    gated.begin()
    hot = np.array([0.85, 335.0, 350.0])
    inputs = gated.inputs(np.full((3, 1, 1), 302.0), gated.sense(hot, np.array(plant.first)))
    np.testing.assert_allclose(inputs, 298.5, atol=0.05)
    assert gated.ticks["HOLD"] > 0 and gated.unsafe == 0


def test_a_policy_that_learned_is_kept(tmp_path):
    pytest.importorskip("stable_baselines3", reason="needs the extra 'process'", exc_type=ImportError)
    from benchmarks.process.sac import SAC

    plant, world = PLANTS["cstr"], World(PLANTS["cstr"])
    seen = Logs(plant, 2 * (plant.steps - 1)).seen
    learned = SAC(plant, seen, 130, tmp_path / "sac.zip")
    written = (tmp_path / "sac.zip").read_bytes()
    again = SAC(plant, seen, 130, tmp_path / "sac.zip")
    found = outcome(world, learned, 3)
    assert found == outcome(world, again, 3) != outcome(world, Hold(), 3)
    assert (tmp_path / "sac.zip").read_bytes() == written
