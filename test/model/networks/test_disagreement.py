# SPDX-License-Identifier: Apache-2.0
"""The heads: apart from the start by their priors, and cheap."""

from __future__ import annotations

import dataclasses

import torch
from part_settings import load_model_settings
from small_model import ACTION, LATENT, SETTINGS, one_camera_and_joints

from ami_ros.model.networks.disagreement import Disagreement
from ami_ros.model.networks.jepa import Jepa

BATCH, FRANKA_JOINTS, SHIPPED_ACTION = 5, 7, 3


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def heads(seed: int = 0) -> Disagreement:
    torch.manual_seed(seed)
    return Disagreement(SETTINGS, LATENT, ACTION)


def test_one_number_per_row_from_every_input():
    doubt, inputs = (
        heads(),
        [noise(BATCH, LATENT), noise(BATCH, LATENT, seed=1), noise(BATCH, ACTION, seed=2)],
    )
    values = doubt(*inputs)
    assert values.shape == (BATCH,)
    assert (values > 0).all()
    for i in range(3):
        changed = [x + 0.5 if j == i else x for j, x in enumerate(inputs)]
        assert (doubt(*changed) - values).abs().max() > 1e-5
    torch.testing.assert_close(doubt(*(x[2:3] for x in inputs)), values[2:3])


def test_it_is_the_spread_over_heads_by_hand():
    doubt, inputs = (
        heads(),
        [noise(BATCH, LATENT), noise(BATCH, LATENT, seed=1), noise(BATCH, ACTION, seed=2)],
    )
    doubt.scale.fill_(0.4)
    apart = doubt.predictions(torch.cat(inputs, dim=1))
    assert apart.shape == (SETTINGS.disagreement_heads, BATCH, SETTINGS.disagreement_size)
    torch.testing.assert_close(doubt(*inputs), apart.var(dim=0).mean(dim=1).sqrt() / 0.4)


def test_heads_that_are_the_same_agree():
    doubt = heads()
    with torch.no_grad():
        for shared in (doubt.leave, doubt.offset, doubt.prior_leave):
            shared.copy_(shared[:1].expand_as(shared).clone())
        width = SETTINGS.disagreement_hidden
        for weight in (doubt.enter.weight, doubt.enter.bias, doubt.prior_enter.weight):
            weight.copy_(weight[:width].repeat(SETTINGS.disagreement_heads, *[1] * (weight.dim() - 1)))
    values = doubt(noise(BATCH, LATENT), noise(BATCH, LATENT), noise(BATCH, ACTION))
    torch.testing.assert_close(values, torch.zeros(BATCH), atol=1e-5, rtol=0.0)


def test_what_is_fitted_later_does_not_move_in_training():
    model = Jepa(SETTINGS, one_camera_and_joints(4), ACTION)
    learns = {name.split(".")[0] for name, weight in model.named_parameters() if weight.requires_grad}
    assert learns == {"encoders", "predictor", "inverse_model"}


def test_the_world_model_is_the_same_whatever_is_fitted_later():
    models = []
    for width in (9, 13):
        torch.manual_seed(0)
        models.append(
            Jepa(dataclasses.replace(SETTINGS, disagreement_hidden=width), one_camera_and_joints(4), ACTION)
        )
    for name in ("encoders", "predictor", "inverse_model"):
        pairs = zip(*(getattr(m, name).parameters() for m in models), strict=True)
        assert all(torch.equal(*pair) for pair in pairs)


def products(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.dim() > 1)


def test_the_shipped_heads_cost_little_beside_the_predictor():
    model = Jepa(load_model_settings(), one_camera_and_joints(FRANKA_JOINTS), SHIPPED_ACTION)
    doubt = model.disagreement_heads
    cost = products(doubt) + doubt.prior_leave.numel()
    assert cost < 0.12 * products(model.predictor)
