# SPDX-License-Identifier: Apache-2.0
"""What is usual scores below 1 all but once in a hundred; what is not, above, and in its own component."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from part_settings import load_training_settings
from small_model import ACTION, LATENT, small_jepa
from small_model import SETTINGS as SIZES

from ami_ros.model.networks.surprise import SURPRISE_NAMES
from ami_ros.training.fitting.surprise import fit_surprise, surprises, whitening
from ami_ros.training.latents import Transitions

COUNT, JOINTS = 4000, 4
SETTINGS = load_training_settings()


def transitions(model, seed: int) -> Transitions:
    """A world whose joints can be read off the latent, and that does nearly as predicted."""
    generator = torch.Generator().manual_seed(seed)
    joints, after = (torch.randn(COUNT, 2 * JOINTS, generator=generator) for _ in range(2))
    action = torch.rand(COUNT, ACTION, generator=generator) * 2.0 - 1.0
    latent = torch.randn(COUNT, LATENT, generator=generator)
    missed = 0.1 * torch.randn(COUNT, LATENT, generator=generator)
    with torch.no_grad():
        expected = model.predict(torch.cat([latent, joints], dim=1), action)[:, :LATENT] + missed
    seen = 0.05 * torch.randn(COUNT, JOINTS, generator=generator)
    after[:, :JOINTS] = 0.5 * expected[:, :JOINTS] + seen
    oddness = torch.rand(COUNT, generator=generator)
    before = torch.cat([latent, joints], dim=1)
    return Transitions(before, action, torch.cat([expected, after], dim=1), oddness)


@pytest.fixture(scope="module")
def fitted():
    model = small_jepa()
    fit_surprise(model, transitions(model, 0), transitions(model, 1), SETTINGS)
    return model


def test_usual_data_surprises_once_in_a_hundred(fitted):
    values = surprises(fitted, transitions(fitted, 2))
    assert values.shape == (COUNT, len(SURPRISE_NAMES))
    assert 0.003 < float((values.amax(dim=1) > 1.0).float().mean()) < 0.03
    assert (values.median(dim=0).values > 0.1).all()  # no component sleeps


def test_where_episodes_begin_is_no_novelty():
    """Transitions never end where episodes begin: a plant starts far from where it runs."""
    model, beginnings = small_jepa(), COUNT // 50

    def far_at_first(seed: int) -> Transitions:
        usual = transitions(model, seed)
        usual.state[:beginnings, :LATENT] += 30.0
        usual.state[beginnings:] = usual.next_state[beginnings:]
        return usual

    fit_surprise(model, far_at_first(0), far_at_first(1), SETTINGS)
    there = far_at_first(2)
    there = dataclasses.replace(there, next_state=there.state)
    novelty = surprises(model, there)[:, SURPRISE_NAMES.index("novelty")]
    assert float(novelty[:beginnings].median()) < 1.0


def test_each_component_notices_its_own(fitted):
    usual = transitions(fitted, 2)
    jump = torch.zeros(LATENT + 2 * JOINTS)
    jump[JOINTS + 1] = 1.5  # a direction that holds no joint, and not far from known latents
    turned, far = torch.zeros(LATENT + 2 * JOINTS), torch.zeros(LATENT + 2 * JOINTS)
    turned[LATENT:], far[:LATENT] = 0.5, 50.0
    moved = dataclasses.replace(usual, next_state=usual.next_state + jump)
    shifted = dataclasses.replace(usual, next_state=usual.next_state + turned)
    strange = dataclasses.replace(usual, state=usual.state + far)
    with torch.no_grad():
        there = fitted.predict(strange.state, strange.action)[:, :LATENT]
    parts = [there, 0.5 * there[:, :JOINTS], usual.next_state[:, LATENT + JOINTS :]]
    strange = dataclasses.replace(strange, next_state=torch.cat(parts, dim=1))
    unlike = dataclasses.replace(usual, oddness=usual.oddness + 3.0)
    cases = ((moved, "motion"), (shifted, "pose"), (strange, "novelty"), (unlike, "appearance"))
    for odd, name in cases:
        median = surprises(fitted, odd).median(dim=0).values
        assert float(median[SURPRISE_NAMES.index(name)]) > 1.5, name
    assert float(surprises(fitted, shifted).median(dim=0).values[0]) < 1.0
    assert float(surprises(fitted, strange).median(dim=0).values[0]) < 1.0


def test_a_picture_that_stands_still_while_joints_move(fitted):
    usual = transitions(fitted, 2)
    frozen = torch.cat([usual.state[:, :LATENT], usual.next_state[:, LATENT:]], dim=1)
    moving = surprises(fitted, dataclasses.replace(usual, next_state=frozen))[:, 0]
    assert float((moving > 10.0).float().mean()) == pytest.approx(0.75, abs=0.05)  # others hardly move
    resting = surprises(fitted, dataclasses.replace(usual, next_state=usual.state))[:, 0]
    assert float(resting.max()) < 10.0
    older = small_jepa(settings=dataclasses.replace(SIZES, stillness=False))
    fit_surprise(older, usual, usual, SETTINGS)
    assert float(surprises(older, dataclasses.replace(usual, next_state=frozen))[:, 0].max()) < 10.0


def test_pictures_that_repeat_in_training_may_repeat_later():
    model = small_jepa()
    usual = transitions(model, 0)
    repeats = usual.next_state.clone()
    repeats[::10, :LATENT] = usual.state[::10, :LATENT]
    fit_surprise(model, dataclasses.replace(usual, next_state=repeats), usual, SETTINGS)
    assert float(model.surprise_gauge.least_change) == 0.0
    assert bool(torch.isfinite(surprises(model, dataclasses.replace(usual, next_state=repeats))).all())


def test_whitening_by_hand():
    mixing = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.0, 0.3, 0.1]])
    values = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0)) @ mixing
    white = values @ whitening(values, 1e-9)
    torch.testing.assert_close(white.T @ white / len(white), torch.eye(3), atol=1e-3, rtol=0.0)
    round_ball = values @ whitening(values, 1e6)
    ratio = round_ball.norm(dim=1) / values.norm(dim=1)
    assert float(ratio.max() / ratio.min()) == pytest.approx(1.0, rel=1e-3)


def test_a_world_that_never_errs_gives_no_division_by_zero():
    model, still = small_jepa(), torch.zeros(50, LATENT + 8)
    it = Transitions(still, torch.zeros(50, ACTION), still, torch.zeros(50))
    fit_surprise(model, it, it, SETTINGS)
    assert torch.isfinite(surprises(model, it)).all()
