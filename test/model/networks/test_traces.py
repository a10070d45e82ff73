# SPDX-License-Identifier: Apache-2.0
"""Traces average what was measured, the same way along an episode, in a plan, and on a robot."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from robots import made_up_robot
from small_model import SETTINGS, small_contract, small_jepa

from ami_ros.errors import ConfigError
from ami_ros.model.export import export
from ami_ros.model.files import read_verified
from ami_ros.model.networks.inputs import Inputs, VectorInput
from ami_ros.model.restore import restored
from ami_ros.model.runtime import Sensed, load_model
from ami_ros.planning.bundle import write_bundle
from ami_ros.planning.settings import load_planner_settings

PLANT = Inputs((), (VectorInput("level", 1, 1), VectorInput("flow", 2, 2)))
HISTORY = dataclasses.replace(SETTINGS, history=(2.0, 8.0))


@pytest.fixture(scope="module", params=["plant", "robot with a camera"])
def model(request):
    inputs = PLANT if request.param == "plant" else None
    return small_jepa(inputs=inputs, settings=HISTORY)


def test_a_trace_moves_by_the_share_that_its_time_constant_leaves(model):
    traces = model.traces[0]
    size = len(model.vector_mean)
    vectors = torch.randn(4, 6, size)
    along = traces.along(vectors, 1.0)
    level = vectors[:, 0]
    for step in range(6):
        level = level + (1.0 - np.exp(-1.0 / 2.0)) * (vectors[:, step] - level)
        torch.testing.assert_close(along[:, step, :size], level)
    assert along.shape == (4, 6, 2 * size)
    torch.testing.assert_close(along[:, 0], vectors[:, 0].repeat(1, 2))


def test_two_halves_of_a_step_are_one(model):
    """Observations come as often as the planner plans."""
    now = torch.randn(3, model.state_size)
    before = torch.randn(3, model.state_size)
    twice = model.carried(model.carried(before, now, 0.5), now, 0.5)
    torch.testing.assert_close(twice, model.carried(before, now, 1.0))
    torch.testing.assert_close(
        model.carried(before, now, 0.0)[:, model.traces_at :], before[:, model.traces_at :]
    )


def test_a_plan_carries_the_traces_on(model):
    state, action = torch.randn(3, model.state_size), torch.randn(3, model.action_size)
    with torch.no_grad():
        after = model.predict(state, action)
    assert after.shape == state.shape
    torch.testing.assert_close(model.carried(state, after, 1.0), after)


def test_states_along_an_episode_are_those_that_a_robot_would_have(model):
    states = torch.randn(2, 5, model.state_size)
    whole = model.remembered(states, 0.5)
    one = states[:, 0].clone()
    one[:, model.traces_at :] = one[:, model.vectors_at : model.traces_at].repeat(1, 2)
    for step in range(1, 5):
        one = model.carried(one, states[:, step], 0.5)
        torch.testing.assert_close(whole[:, step], one)


def test_what_was_exported_remembers_alike(tmp_path):
    spec = made_up_robot()
    model = small_jepa(settings=HISTORY)
    contract = small_contract(model)
    assert contract.history == (2.0, 8.0)
    export(model, contract, tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", spec)
    before, now = (Sensed(torch.randn(model.state_size), torch.zeros(())) for _ in range(2))
    expected = model.carried(before.state[None], now.state[None], 0.7)[0]
    torch.testing.assert_close(runtime.carried(before, now, 0.7).state, expected)
    again, _ = restored(read_verified(tmp_path / "model.pt"))
    assert again.settings.history == (2.0, 8.0)
    with pytest.raises(ConfigError, match="history: got a model with 2 traces per reading"):
        write_bundle(model, contract, load_planner_settings(), tmp_path / "bundle.pt")


def test_without_history_nothing_is_carried(tmp_path):
    model = small_jepa()
    export(model, small_contract(model), tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", made_up_robot())
    before, now = (Sensed(torch.randn(model.state_size), torch.zeros(())) for _ in range(2))
    assert runtime.carried(before, now, 1.0) is now
    assert not hasattr(runtime.world, "carried")
