# SPDX-License-Identifier: Apache-2.0
"""Heads fitted on a made-up world agree where there was data, and only there."""

from __future__ import annotations

import dataclasses

import torch
from part_settings import load_training_settings
from small_model import ACTION, LATENT, small_jepa

from ami_ros.training.fitting.disagreement import disagreements, fit_disagreement
from ami_ros.training.latents import Transitions

COUNT, JOINTS = 600, 8
SETTINGS = dataclasses.replace(load_training_settings(), disagreement_steps=250, fit_batch=128)


def transitions(model, seed: int, centre: float = 0.0) -> Transitions:
    generator = torch.Generator().manual_seed(seed)
    latent = torch.randn(COUNT, LATENT, generator=generator) + centre
    state = torch.cat([latent, torch.randn(COUNT, JOINTS, generator=generator)], dim=1)
    action = torch.rand(COUNT, ACTION, generator=generator) * 2.0 - 1.0
    with torch.no_grad():
        after = model.predict(state, action)
    after[:, :LATENT] += 0.3 * action.sum(dim=1, keepdim=True)
    return Transitions(state, action, after, torch.zeros(COUNT))


def fitted():
    model = small_jepa()
    fit_disagreement(model, transitions(model, 0), transitions(model, 1), SETTINGS)
    return model


def test_the_median_on_held_out_data_is_one_and_unknown_places_are_doubtful():
    model = fitted()
    usual, far = (disagreements(model, transitions(model, 1, centre)) for centre in (0.0, 6.0))
    assert abs(float(usual.median()) - 1.0) < 1e-5
    assert float(far.median()) > 1.5


def test_learning_makes_heads_agree():
    slow = dataclasses.replace(SETTINGS, disagreement_steps=1)
    raw, model = small_jepa(), fitted()
    fit_disagreement(raw, transitions(raw, 0), transitions(raw, 1), slow)
    assert float(model.disagreement_heads.scale) < 0.85 * float(raw.disagreement_heads.scale)


def test_fitting_is_repeatable_and_touches_nothing_else():
    one, other, untouched = fitted(), fitted(), small_jepa()
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
        if not name.startswith("disagreement_heads"):
            assert torch.equal(value, untouched.state_dict()[name]), name
    assert not any(p.requires_grad for p in one.disagreement_heads.parameters())
