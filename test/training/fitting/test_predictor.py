# SPDX-License-Identifier: Apache-2.0
"""The predictor goes on learning when the encoders have stopped."""

from __future__ import annotations

import dataclasses

import torch
from part_settings import load_training_settings
from small_model import small_jepa
from small_training import TURNING_BLOCKS as BLOCKS
from small_training import turning_world as episodes

from ami_ros.training.fitting.predictor import fit_predictor
from ami_ros.training.quality import open_loop_errors

SETTINGS = dataclasses.replace(load_training_settings(), predictor_steps=400, fit_batch=64)


def error(model, seed: int) -> float:
    return open_loop_errors(model, *episodes(seed).cut(0, BLOCKS))["open_loop_error"][-1]


def test_it_predicts_better_what_nothing_was_fitted_to():
    model = small_jepa()
    before = error(model, 1)
    fit_predictor(model, episodes(0), SETTINGS)
    assert error(model, 1) < 0.5 * before


def test_a_horizon_longer_than_the_episodes_is_cut_to_them():
    far = dataclasses.replace(SETTINGS, predictor_horizon=BLOCKS + 5, predictor_steps=2)
    model, whole = small_jepa(), small_jepa()
    fit_predictor(model, episodes(0), far)
    fit_predictor(whole, episodes(0), dataclasses.replace(far, predictor_horizon=BLOCKS))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), whole.parameters(), strict=True))


def test_fitting_is_repeatable_is_watched_and_touches_nothing_else():
    seen: list[str] = []
    few = dataclasses.replace(SETTINGS, predictor_steps=5)
    one, other, untouched = small_jepa(), small_jepa(), small_jepa()
    fit_predictor(one, episodes(0), few, seen.append)
    fit_predictor(other, episodes(0), few)
    assert seen == ["predictor"] * 5
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
        assert torch.equal(value, untouched.state_dict()[name]) is not name.startswith("predictor."), name


def test_no_steps_change_nothing():
    model = small_jepa()
    fit_predictor(model, episodes(0), dataclasses.replace(SETTINGS, predictor_steps=0))
    for name, value in small_jepa().state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
