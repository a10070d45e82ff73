# SPDX-License-Identifier: Apache-2.0
"""The gates in a contract: complete and of the right kind, or refused with what is missing."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from small_model import small_contract, small_jepa

from ami_ros.errors import ContractError
from ami_ros.model.files import read_verified
from ami_ros.model.measured import measured
from ami_ros.share import shipped_model

CONTRACT = read_verified(shipped_model("panda", "reach")).contract()


def refused(message: str, **changes) -> None:
    gates = {**copy.deepcopy(CONTRACT.gates), **changes}
    with pytest.raises(ContractError, match=message) as caught:
        measured(dataclasses.replace(CONTRACT, gates=gates), "model.pt")
    assert str(caught.value).startswith("model.pt: contract: gates")


@pytest.mark.parametrize("task", ["reach", "push"])
def test_what_training_measures_passes(task):
    contract = read_verified(shipped_model("panda", task)).contract()
    assert measured(contract, "here") == contract.gates


def test_a_model_without_gates_names_all_of_them():
    with pytest.raises(ContractError, match="expected also .*'copy_last_error'.*'held_out_episodes'"):
        measured(small_contract(small_jepa(), gates={}), "here")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"open_loop_error": 1.0}, "gates.open_loop_error: got 1.0, expected a list"),
        ({"open_loop_error": ["x"] * 15}, r"gates.open_loop_error\[0\]: got 'x', expected a number"),
        ({"open_loop_error": [0.1]}, "different lengths"),
        ({"probes": [1]}, r"gates.probes: got \[1\], expected a mapping"),
        ({"probes": {"tip": None}}, "gates.probes.tip: got None, expected a number"),
        ({"latent_std": {"min": 1.0}}, r"gates.latent_std: got \['min'\], expected also \['mean', 'max'\]"),
        ({"beyond_range": {"light": {"auc": 1.0}}}, "gates.beyond_range.light: .*expected also .'surprised'"),
        ({"surprise_auc": "high"}, "gates.surprise_auc: got 'high', expected a number"),
        ({"event_clips": 1.5}, "gates.event_clips: got 1.5, expected an int"),
        ({"alike": {"spread": 1.0}}, "gates.alike: got .*expected also .'error'"),
        ({"alike": 3}, "gates.alike: got 3, expected a mapping"),
    ],
)
def test_figures_of_another_kind(changes, message):
    refused(message, **changes)


def test_what_may_be_unknown():
    gates = {**CONTRACT.gates, "surprise_auc": None, "alike": None, "beyond_range": {}}
    assert measured(dataclasses.replace(CONTRACT, gates=gates), "here") == gates
