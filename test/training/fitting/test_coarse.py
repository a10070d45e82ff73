# SPDX-License-Identifier: Apache-2.0
"""The coarse predictor says where a macro-action leads, and offers those that the data have."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from part_settings import load_training_settings
from robots import made_up_robot
from small_model import LATENT, SETTINGS, small_contract, small_jepa
from small_training import TURNING_BLOCK as BLOCK
from small_training import turning_world as episodes

from ami_ros.errors import ContractError
from ami_ros.model.conformity import check_module
from ami_ros.model.export import export
from ami_ros.model.files import read_verified
from ami_ros.model.restore import restored
from ami_ros.model.runtime import load_model
from ami_ros.model.scripted import load_scripted
from ami_ros.training.fitting.coarse import fit_coarse, medoids

MACRO_BLOCKS, MACROS = 2, 5
COARSE = dataclasses.replace(SETTINGS, macro_blocks=MACRO_BLOCKS, macros=MACROS)
TRAINING = dataclasses.replace(load_training_settings(), predictor_steps=400, fit_batch=64)


@pytest.fixture(scope="module")
def model():
    model = small_jepa(settings=COARSE)
    fit_coarse(model, episodes(0), TRAINING)
    return model


def test_it_predicts_in_one_step_where_several_blocks_lead(model):
    held = episodes(1)
    states, actions = held.cut(0, MACRO_BLOCKS)
    head = model.coarse[0]
    with torch.no_grad():
        ahead = head.predictor(states[:, 0], actions.flatten(1))
    missed = (ahead - states[:, -1])[:, :LATENT].square().mean()
    moved = (states[:, 0] - states[:, -1])[:, :LATENT].square().mean()
    assert float(missed) < 0.4 * float(moved)


def test_the_macro_actions_are_of_the_data_and_differ(model):
    macros = model.coarse[0].macros
    _, actions = episodes(0).cut(0, MACRO_BLOCKS)
    whole = episodes(0).actions
    span = MACRO_BLOCKS * BLOCK
    seen = torch.cat([whole[:, i : i + span].flatten(1) for i in range(whole.shape[1] - span + 1)])
    assert float(torch.cdist(macros, seen).amin(dim=1).max()) < 1e-3
    assert len(torch.unique(macros, dim=0)) == MACROS
    assert macros.shape == (MACROS, actions.flatten(1).shape[1])


def test_all_of_them_are_imagined_at_once(model):
    states = episodes(1).states[:3, 0]
    ahead = model.imagine(states)
    assert ahead.shape == (3, MACROS, states.shape[1])
    head = model.coarse[0]
    torch.testing.assert_close(ahead[2, 4], head.predictor(states[2:3], head.macros[4:5])[0])
    assert small_jepa().imagine(states).shape == (3, 0, states.shape[1])


def test_it_ships_in_the_file_and_comes_back(model, tmp_path):
    contract = small_contract(model)
    export(model, contract, tmp_path / "model.pt")
    loaded = load_model(tmp_path / "model.pt", made_up_robot())
    state = episodes(1).states[:2, 0]
    with torch.inference_mode():
        torch.testing.assert_close(loaded.world.imagine(state), model.imagine(state), rtol=1e-2, atol=1e-2)
    back, _ = restored(read_verified(tmp_path / "model.pt"))
    assert back.coarse[0].macros.shape == model.coarse[0].macros.shape


def test_a_file_that_says_it_has_macro_actions_must_offer_them(tmp_path):
    export(small_jepa(), small_contract(small_jepa()), tmp_path / "model.pt")
    file = read_verified(tmp_path / "model.pt")
    contract = file.contract()
    more = {**contract.architecture, "macro_blocks": 2, "macros": 5}
    promising = dataclasses.replace(contract, architecture=more)
    module = load_scripted(file, torch.device("cpu"))
    assert contract.macro_blocks == 0
    with pytest.raises(ContractError, match=r"imagined states: model \(1, 0, \d+\), contract \(1, 5, "):
        check_module(module, promising, "model.pt", torch.device("cpu"))


def test_medoids_are_points_in_the_middle_of_clusters():
    generator = torch.Generator().manual_seed(0)
    middles = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = (middles[:, None] + torch.randn(3, 50, 2, generator=generator)).flatten(0, 1)
    chosen = medoids(points, 3, torch.Generator().manual_seed(1))
    assert float(torch.cdist(chosen, points).amin(dim=1).max()) == 0.0
    assert float(torch.cdist(middles, chosen).amin(dim=1).max()) < 1.0
    assert medoids(points[:2], 5, generator).shape == (5, 2)
