# SPDX-License-Identifier: Apache-2.0
"""A probe of each value knows which of them the latents have."""

from __future__ import annotations

import pytest
import torch

from ami_ros.training.probes import probe, probe_each

EPISODES, STEPS, LATENT = 6, 20, 5


def test_each_value_is_judged_by_itself():
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(2, EPISODES, STEPS, LATENT, generator=generator)
    known = latents[..., :1] - 2.0 * latents[..., 1:2]
    noise = torch.randn(2, EPISODES, STEPS, 1, generator=generator)
    values = torch.cat([known, noise, torch.full_like(noise, 3.0)], dim=-1)
    seen, unseen, still = probe_each(latents[0], values[0], latents[1], values[1])
    assert seen == pytest.approx(1.0, abs=1e-3)
    assert unseen < 0.2
    assert still == 0.0
    assert probe(latents[0], values[0], latents[1], values[1]) < seen
