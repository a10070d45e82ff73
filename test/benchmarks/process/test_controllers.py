# SPDX-License-Identifier: Apache-2.0
"""The rows next to ours are what they are called, and the figures are pc-gym's."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.process.controllers import PI, LinearMPC
from benchmarks.process.plants import PLANTS
from benchmarks.process.rows import Outcome, outcome, row

STEPS, EPISODES = 20, 40
TANK = PLANTS["four_tank"]


class Line:
    """Four levels, each a leaky integral of a pump, in place of pc-gym's tanks: a linear plant."""

    plant = TANK

    def begin(self) -> np.ndarray:
        self.inputs, self.seen, self.step = np.array(TANK.first), np.full(4, 0.2), 0
        self.wanted = {"h3": 0.35, "h4": 0.15}
        return self.seen

    def goal(self) -> dict[str, float]:
        return self.wanted

    def act(self, inputs: np.ndarray) -> np.ndarray:
        self.inputs = TANK.followed(self.inputs, inputs)
        self.seen = 0.8 * self.seen + 0.012 * self.inputs[[0, 1, 1, 0]] - 0.01
        self.step += 1
        return self.seen


def logs() -> tuple[np.ndarray, np.ndarray]:
    generator, world = np.random.default_rng(1), Line()
    seen, done = [], []
    for _ in range(EPISODES):
        rows, inputs = [world.begin()], []
        for _ in range(STEPS):
            rows.append(world.act(generator.uniform(TANK.low, TANK.high)))
            inputs.append(world.inputs)
        seen.append(rows)
        done.append(inputs)
    return np.array(seen), np.array(done)


@pytest.mark.parametrize("kind", ["linear MPC", "PI"])
def test_a_linear_plant_is_brought_to_its_set_points(kind):
    if kind == "linear MPC":
        pytest.importorskip("scipy", reason="needs the extra 'process'", exc_type=ImportError)
    world = Line()
    controller = LinearMPC(TANK, *logs()) if kind == "linear MPC" else PI(TANK, 1.0, 5.0)
    seen = world.begin()
    controller.begin(world)
    for _ in range(60):
        seen = world.act(controller.act(world, seen))
    np.testing.assert_allclose(seen[2:], [0.35, 0.15], atol=0.005)


def test_inputs_stay_within_ranges_and_rates():
    plant = PLANTS["crystallisation"]
    assert plant.followed(np.array([39.0]), np.array([20.0])) == 38.0
    assert plant.followed(np.array([39.5]), np.array([99.0])) == 40.0
    assert plant.followed(np.array([10.2]), np.array([-9.0])) == 10.0


def test_episodes_of_a_seed_are_alike_and_those_of_others_are_not():
    for plant in PLANTS.values():
        wanted, start, disturbances = plant.episode(3)
        again, same, repeated = plant.episode(3)
        assert len(start) == len(plant.start) and np.array_equal(start, same)
        for name, values in disturbances.items():
            it = plant.disturbances[name]
            assert values.shape == (plant.steps,) and it.low <= values.min() <= values.max() <= it.high
            assert np.array_equal(values, repeated[name])
        for name, values in wanted.items():
            it = plant.tracked[name]
            assert values.shape == (plant.steps,) and len(np.unique(values)) == plant.changes
            assert it.low <= values.min() <= values.max() <= it.high
            assert np.array_equal(values, again[name])
            assert not np.array_equal(values, plant.episode(4).wanted[name])


def test_the_gap_is_that_of_the_medians():
    oracle = [Outcome(-1.0), Outcome(-2.0, 3, 2), Outcome(-9.0)]
    found = [Outcome(-3.0, 1, 1), Outcome(-2.0, 3, 2), Outcome(-20.0, 5, 4)]
    figures = row(found, oracle)
    assert figures["gap"] == pytest.approx(0.5)
    assert figures["gap_of_means"] == pytest.approx((25.0 - 12.0) / 12.0)
    low, high = figures["gap_ci"]
    assert low <= 0.5 <= high
    assert row(oracle, oracle)["gap"] == 0.0
    assert (figures["violations"], figures["outside_longest"], figures["outside_mean"]) == (2, 4, 3.0)
    json.dumps(figures)


def test_an_integrator_that_fails_ends_the_episode_at_a_price():
    class Fails:
        plant = SimpleNamespace(steps=11)
        ends, step = False, 0
        outside = (False, True, True)

        def begin(self, seed: int) -> None:
            self.step = 0

        def act(self, inputs: None) -> tuple[None, float]:
            if self.step == 4:
                raise RuntimeError("CV_TOO_MUCH_WORK")
            self.step += 1
            return None, -1.0

    idle = SimpleNamespace(begin=lambda world: None, act=lambda world, seen: None)
    assert outcome(Fails(), idle, 1) == Outcome(-4.0 - 6 * 1e3, 2, 2)
