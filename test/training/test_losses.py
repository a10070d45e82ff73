# SPDX-License-Identifier: Apache-2.0
"""Losses against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ami_ros.training.losses import (
    alike_loss,
    covariance_loss,
    prediction_loss,
    variance_loss,
    within_looks,
)

ROWS, BATCH, STEPS, LATENT = 50, 3, 4, 5


def test_prediction_loss_is_the_mean_square():
    predicted, actual = torch.zeros(BATCH, STEPS, LATENT), torch.zeros(BATCH, STEPS, LATENT)
    predicted[1, 2, 3], actual[0, 0, 0] = 3.0, 2.0
    assert float(prediction_loss(predicted, actual)) == pytest.approx((9 + 4) / (BATCH * STEPS * LATENT))


def test_prediction_loss_teaches_both_sides():
    predicted, actual = (torch.ones(BATCH, STEPS, LATENT, requires_grad=True) for _ in range(2))
    prediction_loss(predicted * 2, actual).backward()
    assert predicted.grad.abs().sum() > 0
    assert actual.grad.abs().sum() > 0


def test_variance_loss_by_hand():
    latents = torch.tensor([[0.0, 5.0], [1.0, -5.0]])  # standard deviations sqrt(0.5) and 7.07
    expected = (1.0 - math.sqrt(0.5 + 1e-4)) / 2
    assert float(variance_loss(latents)) == pytest.approx(expected)


def test_variance_loss_of_a_collapsed_latent_is_nearly_one_with_a_gradient():
    latents = torch.full((ROWS, LATENT), 2.0, requires_grad=True)
    loss = variance_loss(latents)
    assert loss.item() == pytest.approx(0.99)
    loss.backward()
    assert torch.isfinite(latents.grad).all()
    generator = torch.Generator().manual_seed(0)
    assert float(variance_loss(3.0 * torch.randn(ROWS, LATENT, generator=generator))) == 0.0


def test_covariance_loss_by_hand():
    latents = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0]])  # covariance of the two: (2 + 2) / 2 = 2
    assert float(covariance_loss(latents)) == pytest.approx((2.0**2 + 2.0**2) / 2)


def test_covariance_loss_against_numpy():
    latents = np.random.default_rng(0).normal(size=(ROWS, LATENT))
    covariance = np.cov(latents.T)
    expected = (covariance**2).sum() - (np.diag(covariance) ** 2).sum()
    assert float(covariance_loss(torch.from_numpy(latents))) == pytest.approx(expected / LATENT)


def test_covariance_loss_ignores_mean_and_independent_axes():
    axes = torch.cat([torch.eye(LATENT), -torch.eye(LATENT)])
    assert float(covariance_loss(axes)) == pytest.approx(0.0, abs=1e-12)
    assert float(covariance_loss(axes + 7.0)) == pytest.approx(0.0, abs=1e-9)


def test_within_looks_takes_away_what_a_look_has_in_common():
    latents = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, -4.0], [9.0, -4.0], [7.0, -4.0]])
    spread = within_looks(latents, torch.tensor([8, 8, 2, 2, 2]))
    assert torch.allclose(
        spread, torch.tensor([[-1.0, 0.0], [1.0, 0.0], [-2.0, 0.0], [2.0, 0.0], [0.0, 0.0]])
    )


def test_within_looks_of_one_look_only_centres():
    latents = torch.randn(ROWS, LATENT, generator=torch.Generator().manual_seed(0))
    spread = within_looks(latents, torch.zeros(ROWS, dtype=torch.int64))
    assert torch.allclose(spread, latents - latents.mean(dim=0), atol=1e-6)


def test_alike_loss_ignores_what_a_look_adds_to_all_scenes():
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(BATCH, STEPS, LATENT, generator=generator)
    assert float(alike_loss(plain + torch.randn(BATCH, 1, LATENT, generator=generator), plain)) < 1e-12


def test_alike_loss_by_hand():
    plain = torch.tensor([[[0.0], [2.0]]])
    assert float(alike_loss(0.5 * plain, plain)) == pytest.approx(
        0.25
    )  # moves half as far: off by 0.5 at each end
