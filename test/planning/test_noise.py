# SPDX-License-Identifier: Apache-2.0
"""Noise that lasts: as large as independent noise, alike from step to step, and apart in everything else."""

from __future__ import annotations

import pytest
import torch

from ami_ros.planning.noise import LastingNoise

ITERATIONS, SAMPLES, HORIZON, BLOCK, AXES = 2, 4000, 3, 5, 2
STEPS = HORIZON * BLOCK


def steps(correlation: float) -> torch.Tensor:
    noise = torch.randn(
        ITERATIONS, SAMPLES, HORIZON, BLOCK * AXES, generator=torch.Generator().manual_seed(1)
    )
    lasting = LastingNoise(correlation, HORIZON, BLOCK).of(noise)
    assert lasting.shape == noise.shape
    return lasting.view(ITERATIONS, SAMPLES, STEPS, AXES)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_its_spread_is_one_at_every_step(correlation):
    torch.testing.assert_close(
        steps(correlation).std(dim=1), torch.ones(ITERATIONS, STEPS, AXES), atol=0.06, rtol=0
    )


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_neighbouring_steps_are_correlated_across_blocks_too_and_axes_are_not(correlation):
    first = steps(correlation)[0]
    for lag in (1, BLOCK):
        measured = (first[:, lag:] * first[:, :-lag]).mean(dim=(0, 2))
        torch.testing.assert_close(measured, torch.full_like(measured, correlation**lag), atol=0.06, rtol=0)
    assert abs(float((first[:, :, 0] * first[:, :, 1]).mean())) < 0.03


def test_without_correlation_it_is_the_noise_itself():
    noise = torch.randn(ITERATIONS, 7, HORIZON, BLOCK * AXES)
    torch.testing.assert_close(LastingNoise(0.0, HORIZON, BLOCK).of(noise), noise)
