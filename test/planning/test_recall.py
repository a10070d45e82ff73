# SPDX-License-Identifier: Apache-2.0
"""Planning with a memory: precedents compete with other candidates, and what is dreaded is kept away from."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from small_model import ACTION, LATENT, convex_jepa, in_memory, small_contract
from solving import problem, searched
from torch import Tensor

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.planning.problem import Solution
from ami_ros.planning.recall import MOST_DREADED, Recall
from ami_ros.planning.settings import load_planner_settings
from ami_ros.planning.terms import caution

HORIZON, STATE = 3, LATENT + 2 * 4
SETTINGS = load_planner_settings(
    {"deadline_s": 60.0, "horizon": HORIZON, "precedents": 4, "num_samples": 16, "inverse_proposal": False}
)


class Told:
    """A memory that says what it is told."""

    def __init__(self, actions: list[np.ndarray], dreaded: np.ndarray) -> None:
        self.actions, self.dreaded = actions, dreaded

    def candidates(self, here: Any, goal: Any, count: int, blocks: int) -> list[np.ndarray]:
        """Return what it is told."""
        return self.actions[:count]


@pytest.fixture(scope="module")
def model():
    jepa = convex_jepa()
    return in_memory(jepa, small_contract(jepa))


def size_of(model) -> int:
    return len(model.contract.cameras) * LATENT + model.buffer("vector_std").numel()


def goal() -> EncodedGoal:
    return EncodedGoal([torch.linspace(-1.0, 1.0, LATENT)], [0], "slow")


def search(model, memory: Told | None, noise: float = 0.0, **changes: Any) -> Solution:
    settings = dataclasses.replace(SETTINGS, **changes)
    still = torch.zeros(HORIZON, model.contract.block * len(model.contract.channels))
    drawn = torch.randn(2, 16, *still.shape, generator=torch.Generator().manual_seed(0)) * noise
    state = torch.zeros(size_of(model))
    return searched(problem(model, settings, state, goal(), still, still, memory=memory), drawn)


def best(model) -> Tensor:
    """What a thorough search finds."""
    return search(model, None, noise=1.0).actions


def test_what_worked_before_wins_where_nothing_better_is_found(model):
    done = best(model).numpy()
    found = search(model, Told([np.zeros_like(done), done], np.zeros((0, 1))))
    assert found.source == "retrieval"
    np.testing.assert_allclose(found.actions.numpy(), done)


def test_what_did_not_work_loses(model):
    bad = -best(model).numpy()
    found = search(model, Told([bad], np.zeros((0, 1))))
    assert found.source != "retrieval"


def test_a_short_precedent_is_followed_by_standing_still(model):
    done = best(model).numpy()[:1]
    still = torch.full((HORIZON, done.shape[1]), 0.25)
    memory = Told([done], np.zeros((0, 1)))
    found = Recall(model, SETTINGS, memory).precedents(torch.zeros(size_of(model)), goal(), still, 1)
    np.testing.assert_allclose(found[0, 0].numpy(), done[0])
    assert (found[0, 1:] == 0.25).all()


def test_of_much_that_is_dreaded_the_nearest_counts(model):
    size = size_of(model)
    dreaded = np.zeros((MOST_DREADED + 5, size), dtype=np.float16)
    dreaded[:, 0] = np.arange(MOST_DREADED + 5, 0, -1)
    terms = {**SETTINGS.terms, "caution": caution.Settings(1.0, 3.0)}
    recall = Recall(model, dataclasses.replace(SETTINGS, terms=terms), Told([], dreaded))
    latents = recall.dreaded(torch.zeros(size))
    assert latents.shape == (MOST_DREADED, 1, LATENT)
    assert sorted(latents[:, 0, 0].tolist()) == list(range(1, MOST_DREADED + 1))


def test_the_search_keeps_away_from_what_is_dreaded(model):
    bold = search(model, None, noise=1.0)
    dreaded = bold.predicted[:1].numpy().astype(np.float16)

    def nearest(weight: float) -> tuple[float, Solution]:
        terms = {**SETTINGS.terms, "caution": caution.Settings(weight, 10.0)}
        found = search(model, Told([], dreaded), noise=1.0, terms=terms)
        latents = found.predicted[:, :LATENT] - torch.from_numpy(dreaded[:, :LATENT]).float()
        return float(latents.norm(dim=1).min()), found

    (near, first), (far, careful) = nearest(0.0), nearest(1000.0)
    place = list(SETTINGS.terms).index("caution")
    assert first.cost_terms[place] == 0.0 and careful.cost_terms[place] > 0.0
    assert torch.equal(first.actions, bold.actions)
    assert far > 1.05 * near


def test_without_a_memory_there_is_nothing(model):
    recall = Recall(model, SETTINGS, None)
    still = torch.zeros(HORIZON, ACTION)
    assert len(recall.precedents(torch.zeros(size_of(model)), goal(), still, 4)) == 0
    assert len(recall.dreaded(torch.zeros(size_of(model)))) == 0
