# SPDX-License-Identifier: Apache-2.0
"""The inverse model goes on learning when the encoders have stopped."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from part_settings import load_training_settings
from small_model import small_jepa
from small_training import TURNING_BLOCKS as BLOCKS
from small_training import turning_world as episodes

from ami_ros.training.fitting.inverse import fit_inverse

SETTINGS = dataclasses.replace(load_training_settings(), inverse_steps=600, inverse_horizon=1, fit_batch=64)


def error(model, ahead: int) -> float:
    """Return how far proposed blocks are from those that led to what was seen `ahead` blocks later."""
    states, actions = episodes(1).cut(0, BLOCKS)
    with torch.no_grad():
        proposed = model.inverse(states[:, 0], states[:, ahead, : model.core_size])
    return float((proposed - actions[:, 0]).square().mean())


def test_it_proposes_better_toward_goals_that_nothing_was_fitted_to():
    model = small_jepa()
    before = error(model, 1)
    fit_inverse(model, episodes(0), SETTINGS)
    assert error(model, 1) < 0.5 * before


def test_it_learns_what_was_meant_where_something_else_was_done():
    model, done = small_jepa(), episodes(0)
    noise = torch.randn(done.actions.shape, generator=torch.Generator().manual_seed(2))
    noisy = dataclasses.replace(done, actions=done.actions + noise)
    fit_inverse(model, dataclasses.replace(noisy, intended=done.actions), SETTINGS)
    other = small_jepa()
    fit_inverse(other, noisy, SETTINGS)
    assert error(model, 1) < 0.8 * error(other, 1)


def test_goals_beyond_the_episode_are_cut_to_it():
    model = small_jepa()
    fit_inverse(model, episodes(0), dataclasses.replace(SETTINGS, inverse_steps=3, inverse_horizon=1000))
    assert all(torch.isfinite(values).all() for values in model.inverse_model.parameters())


@pytest.mark.parametrize("steps", [0, 5])
def test_fitting_is_watched_and_touches_nothing_else(steps):
    seen: list[str] = []
    model, untouched = small_jepa(), small_jepa()
    fit_inverse(model, episodes(0), dataclasses.replace(SETTINGS, inverse_steps=steps), seen.append)
    assert seen == ["inverse model"] * steps
    for name, value in model.state_dict().items():
        changed = steps > 0 and name.startswith("inverse_model.")
        assert torch.equal(value, untouched.state_dict()[name]) is not changed, name
