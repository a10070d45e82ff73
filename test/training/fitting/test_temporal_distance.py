# SPDX-License-Identifier: Apache-2.0
"""A learned number of steps: on a ring the way around, on a one-way street not back."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from part_settings import load_training_settings
from small_model import LATENT, small_jepa

from ami_ros.training.fitting.temporal_distance import fit_temporal_distance
from ami_ros.training.rank import spearman

EPISODES, STEPS, RING = 60, 20, 24  # places on the ring
SETTINGS = dataclasses.replace(load_training_settings(), temporal_steps=800, fit_batch=128)


def place(index: torch.Tensor) -> torch.Tensor:
    """Latents (..., D) of places on a ring, of which one straight line through the middle is no way."""
    angle = index * (2.0 * math.pi / RING)
    latent = torch.zeros(*index.shape, LATENT)
    latent[..., 0], latent[..., 1] = 2.0 * torch.cos(angle), 2.0 * torch.sin(angle)
    return latent


def walks() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    turns = torch.randint(0, 2, (EPISODES, 1), generator=generator) * 2.0 - 1.0
    start = torch.randint(RING, (EPISODES, 1), generator=generator).float()
    return place(start + torch.cat([torch.zeros(EPISODES, 1), turns.expand(-1, STEPS).cumsum(dim=1)], dim=1))


def fitted():
    model = small_jepa()
    fit_temporal_distance(model, walks(), SETTINGS)
    return model


@pytest.fixture(scope="module")
def ring():
    return fitted()


def from_everywhere(model, goal: int) -> torch.Tensor:
    with torch.no_grad():
        return model.distance(place(torch.arange(RING).float()), place(torch.tensor(float(goal))), "temporal")


def test_a_usual_step_has_length_one_and_steps_add_up(ring):
    ways = from_everywhere(ring, 0)
    true = torch.tensor([float(min(i, RING - i)) for i in range(RING)])
    assert float(ways[0]) < 0.1
    assert float(ways[1]) == pytest.approx(1.0, abs=0.25)
    assert spearman(true.numpy(), ways.numpy()) > 0.9


def test_it_is_a_quasi_metric(ring):
    generator = torch.Generator().manual_seed(3)
    a, b, c = (torch.randn(40, LATENT, generator=generator) for _ in range(3))
    head = ring.temporal_distances[0]
    with torch.no_grad():
        ab, bc, ac = (head.between(head.embed(x), head.embed(y)) for x, y in ((a, b), (b, c), (a, c)))
    assert (ab >= 0.0).all()
    assert (ac <= ab + bc + 1e-4).all()


def test_a_one_way_street_is_longer_backwards():
    model = small_jepa()
    street = torch.zeros(EPISODES, STEPS + 1, LATENT)
    start = torch.rand(EPISODES, 1, generator=torch.Generator().manual_seed(0))
    street[..., 0] = 0.2 * torch.arange(STEPS + 1.0) + start
    fit_temporal_distance(model, street, SETTINGS)
    here, there = street[0, 4], street[0, 8]
    with torch.no_grad():
        ahead, back = (
            float(model.distance(a[None], b, "temporal")[0]) for a, b in ((here, there), (there, here))
        )
    assert ahead == pytest.approx(4.0, rel=0.3)
    assert back > 1.5 * ahead


def base(along: torch.Tensor, turned: torch.Tensor) -> torch.Tensor:
    """Latents (..., D) of a base after that many steps of driving and of turning; turns are harder to see."""
    angle = math.radians(10.0) * turned
    latent = torch.zeros(*along.shape, LATENT)
    latent[..., 0] = 0.2 * along
    latent[..., 1], latent[..., 2] = 0.25 * torch.cos(angle), 0.25 * torch.sin(angle)
    return latent


def test_what_is_harder_to_see_counts_as_long_as_it_takes():
    generator, stretches = torch.Generator().manual_seed(0), (EPISODES, 8)
    drives, forward = (
        torch.randint(0, 2, stretches, generator=generator).repeat_interleave(5, dim=1) for _ in range(2)
    )
    moved = torch.stack([drives * (2 * forward - 1), (1 - drives) * (2 * forward - 1)]).cumsum(dim=2)
    start = 40.0 * torch.rand(2, EPISODES, 1, generator=generator)
    model = small_jepa()
    fit_temporal_distance(model, base(*torch.cat([start, start + moved], dim=2)), SETTINGS)
    along, turned = torch.linspace(5.0, 30.0, 50), torch.linspace(0.0, 35.0, 50)
    here, further, round_ = base(along, turned), base(along + 9.0, turned), base(along, turned + 9.0)
    head = model.temporal_distances[0]
    with torch.no_grad():
        ways = [head.between(head.embed(here), head.embed(there)).median() for there in (further, round_)]
    assert float(ways[1] / ways[0]) > 0.63  # both take nine steps; in the latents one is four times as long


def test_fitting_is_repeatable_and_touches_nothing_else(ring):
    again, untouched = fitted(), small_jepa()
    for name, value in again.state_dict().items():
        assert torch.equal(value, ring.state_dict()[name]), name
        if not name.startswith("temporal_distances"):
            assert torch.equal(value, untouched.state_dict()[name]), name
