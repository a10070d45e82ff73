# SPDX-License-Identifier: Apache-2.0
"""The quality in a contract: complete and of the right kind, or refused with what is missing."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from small_model import small_contract, small_jepa

from ami_ros.errors import ContractError
from ami_ros.model.files import read_verified
from ami_ros.model.measured import measured
from ami_ros.settings.share import shipped_model

CONTRACT = read_verified(shipped_model("panda", "reach")).contract()


def refused(message: str, **changes) -> None:
    quality = {**copy.deepcopy(CONTRACT.quality), **changes}
    with pytest.raises(ContractError, match=message) as caught:
        measured(dataclasses.replace(CONTRACT, quality=quality), "model.pt")
    assert str(caught.value).startswith("model.pt: contract: quality")


@pytest.mark.parametrize("task", ["reach", "push"])
def test_what_training_measures_passes(task):
    contract = read_verified(shipped_model("panda", task)).contract()
    assert measured(contract, "here") == contract.quality


def test_a_model_without_quality_names_all_of_them():
    with pytest.raises(ContractError, match="expected also .*'copy_last_error'.*'held_out_episodes'"):
        measured(small_contract(small_jepa(), quality={}), "here")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"open_loop_error": 1.0}, "quality.open_loop_error: got 1.0, expected a list"),
        ({"open_loop_error": ["x"] * 15}, r"quality.open_loop_error\[0\]: got 'x', expected a number"),
        ({"open_loop_error": [0.1]}, "different lengths"),
        ({"probes": [1]}, r"quality.probes: got \[1\], expected a mapping"),
        ({"probes": {"tip": None}}, "quality.probes.tip: got None, expected a number"),
        ({"latent_std": {"min": 1.0}}, r"quality.latent_std: got \['min'\], expected also \['mean', 'max'\]"),
        (
            {"beyond_range": {"light": {"auc": 1.0}}},
            "quality.beyond_range.light: .*expected also .'surprised'",
        ),
        ({"surprise_auc": "high"}, "quality.surprise_auc: got 'high', expected a number"),
        ({"event_clips": 1.5}, "quality.event_clips: got 1.5, expected an int"),
        ({"alike": {"spread": 1.0}}, "quality.alike: got .*expected also .'error'"),
        ({"alike": 3}, "quality.alike: got 3, expected a mapping"),
    ],
)
def test_figures_of_another_kind(changes, message):
    refused(message, **changes)


def test_what_may_be_unknown():
    quality = {**CONTRACT.quality, "surprise_auc": None, "alike": None, "beyond_range": {}}
    assert measured(dataclasses.replace(CONTRACT, quality=quality), "here") == quality
