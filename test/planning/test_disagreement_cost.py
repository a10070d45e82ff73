# SPDX-License-Identifier: Apache-2.0
"""Doubt as a cost: the search keeps to where the model knows its way, if it is told to."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from robots import JOINTS
from small_model import LATENT, convex_jepa, in_memory, small_contract
from solving import problem, searched
from torch import Tensor, nn

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.rollout import Rollout
from ami_ros.planning.settings import load_planner_settings
from ami_ros.planning.terms import disagreement

SAMPLES, HORIZON = 5, 3
SETTINGS = dataclasses.replace(
    load_planner_settings(),
    solver="cem",
    num_samples=64,
    num_iterations=4,
    horizon=HORIZON,
    deadline_s=60.0,
    distance="slow",
    inverse_proposal=False,
    precedents=0,
)


class Swamp(nn.Module):
    """Heads that agree, but where a block moves the second number of the latent up."""

    def forward(self, latent: Tensor, change: Tensor, action: Tensor) -> Tensor:
        """Doubt the change of the second number."""
        return 1.0 + 10.0 * torch.relu(change[:, 1])


def runtime() -> ModelRuntime:
    model = convex_jepa()
    model.disagreement_heads = Swamp()
    return in_memory(model, small_contract(model))


def plan(model: ModelRuntime, weight: float):
    goal = torch.zeros(LATENT)
    goal[0], goal[1] = 2.0, 2.0
    noise = torch.randn(4, 64, HORIZON, 6, generator=torch.Generator().manual_seed(0))
    terms = {**SETTINGS.terms, "disagreement": disagreement.Settings(weight=weight)}
    settings, still = dataclasses.replace(SETTINGS, terms=terms), torch.zeros(HORIZON, 6)
    state = torch.zeros(LATENT + 2 * JOINTS)
    return searched(problem(model, settings, state, EncodedGoal([goal], [0], "slow"), still, still), noise)


class Doubter:
    """A world that is as unsure as it is told to be."""

    def __init__(self, doubt: Tensor) -> None:
        self._doubt = doubt

    def disagreement(self, now: Tensor, states: list[Tensor], actions: Tensor) -> Tensor:
        """Return what it is told."""
        return self._doubt


def test_the_term_is_the_mean_over_the_steps():
    doubt = torch.arange(SAMPLES * HORIZON, dtype=torch.float32).view(SAMPLES, HORIZON)
    term = disagreement.Term(Doubter(doubt), disagreement.Settings(0.5))
    nowhere = EncodedGoal([], [], "slow")
    rollout = Rollout(
        torch.zeros(1, 3), [], torch.zeros(SAMPLES, HORIZON, 2), nowhere, torch.zeros(0, 1, 1), [1]
    )
    torch.testing.assert_close(term(rollout), 0.5 * doubt.mean(dim=1))


def test_doubt_is_reported_and_costs_nothing_at_weight_zero():
    bold = plan(runtime(), 0.0)
    assert bold.cost_terms[list(SETTINGS.terms).index("disagreement")] == 0.0
    assert bold.disagreement > 2.0


def test_the_search_goes_where_the_heads_agree():
    bold, careful = plan(runtime(), 0.0), plan(runtime(), 5.0)
    assert careful.disagreement < 0.6 * bold.disagreement
    assert float(careful.actions[:, 1].sum()) < 0.5 * float(bold.actions[:, 1].sum())
    assert float(careful.actions[:, 0].sum()) == pytest.approx(float(bold.actions[:, 0].sum()), abs=0.8)
    assert careful.cost_terms[list(SETTINGS.terms).index("disagreement")] == pytest.approx(
        5.0 * careful.disagreement
    )
