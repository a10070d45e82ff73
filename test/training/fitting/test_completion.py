# SPDX-License-Identifier: Apache-2.0
"""A camera that is gone is filled in from all else, as far as that tells."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from part_settings import load_training_settings
from small_model import LATENT, small_jepa

from ami_ros.model.networks.inputs import Inputs, VectorInput
from ami_ros.training.fitting.completion import completion_errors, fit_completion
from ami_ros.training.latents import Encoded

EPISODES, STEPS, JOINTS = 40, 24, 2
CAMERAS = ("front", "wrist", "side")
INPUTS = Inputs(CAMERAS, (VectorInput("joints", 2 * JOINTS, JOINTS),))
SETTINGS = dataclasses.replace(load_training_settings(), completion_steps=800, fit_batch=128)


def episodes(seed: int) -> Encoded:
    """Front shows what the joints say, wrist a secret, side the secret as well."""
    generator = torch.Generator().manual_seed(seed)
    joints = torch.randn(EPISODES, STEPS + 1, 2 * JOINTS, generator=generator)
    secret = torch.randn(EPISODES, STEPS + 1, 3, generator=generator)
    mix = torch.Generator().manual_seed(99)
    front = torch.tanh(joints @ torch.randn(2 * JOINTS, LATENT, generator=mix)) * 3.0 + 1.0
    wrist = torch.tanh(secret @ torch.randn(3, LATENT, generator=mix))
    side = torch.tanh(secret @ torch.randn(3, LATENT, generator=mix))
    states = torch.cat([front, wrist, side, joints], dim=2)
    core = len(CAMERAS) * LATENT
    return Encoded(states, torch.zeros(EPISODES, STEPS + 1), core, torch.zeros(EPISODES, STEPS, 1), 1)


@pytest.fixture(scope="module")
def model():
    model = small_jepa(inputs=INPUTS)
    fit_completion(model, episodes(0), SETTINGS)
    return model


def missed(model, missing: list[int], view: int) -> float:
    """Share of a view's variance that is not filled in."""
    states = episodes(1).states.flatten(0, 1)
    span = slice(view * LATENT, (view + 1) * LATENT)
    with torch.no_grad():
        gap = (model.complete(states, missing) - states)[:, span]
    return float((gap**2).mean() / states[:, span].var(dim=0).mean())


def test_what_others_tell_is_filled_in_and_what_nobody_tells_is_not(model):
    assert missed(model, [0], 0) < 0.25, "the joints tell"
    assert missed(model, [1], 1) < 0.25, "the side tells"
    assert missed(model, [1, 2], 0) == 0.0, "it is there"
    assert 0.7 < missed(model, [1, 2], 1) < 1.3, "a secret: its mean is the best guess"


def test_what_is_there_stays_to_the_bit_and_what_is_missing_does_not_matter(model):
    states = episodes(1).states[0]
    other = states.clone()
    other[:, LATENT : 2 * LATENT] = 1e6
    with torch.no_grad():
        one, two = model.complete(states, [1]), model.complete(other, [1])
    assert torch.equal(one, two) and torch.isfinite(one).all()
    for span in (slice(0, LATENT), slice(2 * LATENT, None)):
        assert torch.equal(one[:, span], states[:, span])


def test_how_far_off_it_is_is_measured_for_each_camera(model):
    errors = completion_errors(model, episodes(1), CAMERAS)
    assert list(errors) == list(CAMERAS) and errors["front"] > 0.0
    untrained = completion_errors(small_jepa(inputs=INPUTS), episodes(1), CAMERAS)
    assert all(errors[name] < 0.5 * untrained[name] for name in CAMERAS)


def test_one_camera_has_nothing_to_fill_in():
    model = small_jepa()
    states = torch.randn(3, model.state_size)
    assert not model.completions and torch.equal(model.complete(states, [0]), states)
    assert completion_errors(model, episodes(1), ("camera",)) == {}
