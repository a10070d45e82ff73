# SPDX-License-Identifier: Apache-2.0
"""The simulated process: exact at any step, the same for a seed, and it never runs out of numbers."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import mobile_base, process_body
from robots import panda_yaml

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import EmbodimentError, ObservationError
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.process import Process
from ami_ros.types import Command

TICK_NS = 10_000_000


@pytest.fixture
def spec(tmp_path):
    return load_robot(process_body(tmp_path))


def command(*values: float) -> Command:
    return Command(np.array(values), np.zeros(len(values)), 0)


def test_it_starts_at_rest_and_stays_there(spec):
    process, start = Process(spec), np.array([120.0, 30.0])
    process.reset(start)
    before = process.truth()
    process.advance(None, 10**10)
    for name, values in process.truth().items():
        np.testing.assert_allclose(values, before[name], rtol=1e-12)
        np.testing.assert_allclose(values, spec.simulation.sensors[name].steady(start))


def test_after_a_time_constant_63_percent_of_the_way_is_done(spec):
    process = Process(spec)
    begin = process.truth()["temperatures"][0]
    process.advance(command(200.0, 50.0), round(1.5e9))  # the boiler's time constant
    end = spec.simulation.sensors["temperatures"].steady(np.array([200.0, 50.0]))[0]
    share = (process.truth()["temperatures"][0] - begin) / (end - begin)
    assert share == pytest.approx(1.0 - np.exp(-1.0))
    assert process.time_ns == round(1.5e9)


def test_many_small_steps_are_one_large_step(spec):
    fine, coarse = Process(spec), Process(spec)
    for step in range(300):
        fine.advance(command(80.0, 70.0) if step == 0 else None, TICK_NS)
    coarse.advance(command(80.0, 70.0), 300 * TICK_NS)
    for name, values in fine.truth().items():
        np.testing.assert_allclose(values, coarse.truth()[name], rtol=1e-9)


def test_an_observation_has_every_sensor_in_the_bodys_order_with_noise_of_the_seed(spec):
    one, same, other = Process(spec), Process(spec), Process(spec)
    for process, seed in ((one, 3), (same, 3), (other, 4)):
        process.vary(None, seed)
    first, second, third = one.observe(), same.observe(), other.observe()
    assert list(first.readings) == list(spec.sensors) == ["temperatures", "pressure", "flow"]
    for name in spec.sensors:
        np.testing.assert_array_equal(first[name].value, second[name].value)
        assert not np.array_equal(first[name].value, third[name].value)
        assert first[name].value.shape == (spec.sensors[name].size,)
    drawn = np.array([one.observe()["temperatures"].value for _ in range(2000)])
    np.testing.assert_allclose(drawn.std(axis=0), 0.1, rtol=0.1)
    np.testing.assert_allclose(drawn.mean(axis=0), one.truth()["temperatures"], atol=0.01)


def test_a_base_follows_its_commanded_twist_with_a_lag(tmp_path):
    process = open_world(load_robot(mobile_base(tmp_path)), 200.0)
    process.advance(command(0.4, -0.8), TICK_NS)
    early = process.truth()["odometry"].copy()
    process.advance(None, 200 * TICK_NS)
    assert 0.0 < early[0] < 0.02
    np.testing.assert_allclose(process.truth()["odometry"], [0.4, 0, 0, 0, 0, -0.8], atol=2e-3)


@pytest.mark.parametrize("values", [(1.0,), (1.0, np.nan), (np.inf, 1.0), (1.0, 2.0, 3.0)])
def test_commands_that_are_none_are_refused_and_change_nothing(spec, values):
    process = Process(spec)
    before = process.truth()
    with pytest.raises(ObservationError, match="channels of a process"):
        process.advance(command(*values), TICK_NS)
    with pytest.raises(ObservationError, match="channels of a process"):
        process.reset(np.array(values))
    process.advance(None, TICK_NS)
    for name, found in process.truth().items():
        np.testing.assert_allclose(found, before[name])


def test_worlds_are_opened_by_kind(tmp_path, spec):
    assert isinstance(open_world(spec, 200.0), Process)
    with pytest.raises(EmbodimentError, match="got kind: bullet, expected kind: process"):
        Process(load_robot("panda"))
    nothing = load_robot(panda_yaml(tmp_path, lambda values: values.update(simulation={"kind": "none"})))
    with pytest.raises(
        EmbodimentError, match=r"kind: none, expected one of \['bullet', 'mujoco', 'process'\]"
    ):
        open_world(nothing, 200.0)
