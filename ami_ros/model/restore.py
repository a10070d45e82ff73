# SPDX-License-Identifier: Apache-2.0
"""Restores networks from model.pt, to train, measure or write them again."""

from __future__ import annotations

from typing import Any

import torch

from ami_ros.errors import ContractError, ModelFileError
from ami_ros.model.contract import Contract
from ami_ros.model.files import ModelFile
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.scripted import load_scripted, reason
from ami_ros.model.weights import weights_sha256
from ami_ros.settings.fields import load_settings

# For older files without these settings.
BEFORE = {"macro_blocks": 0, "macros": 1, "reading_hidden": 0, "stillness": False, "history": []}


def restored(file: ModelFile) -> tuple[Jepa, Contract]:
    """Return the networks with the weights of a verified file, in evaluation mode, and its contract.

    Raises:
        ModelFileError: torch cannot load it, or its weights are not those of its architecture.
        ContractError: the contract is malformed, or its hash does not match the weights.
        ConfigError: the networks do not support its architecture.
    """
    contract = file.contract()
    where = f"{file.path}: contract: architecture"
    settings = load_settings(ModelSettings, {**BEFORE, **contract.architecture}, where=where)
    module: Any = load_scripted(file, torch.device("cpu"))
    model = Jepa(settings, contract.inputs, contract.block_size)
    try:
        model.load_state_dict(module.model.state_dict())
    except (RuntimeError, AttributeError) as error:
        raise ModelFileError(
            f"{file.path}: its weights do not fit its architecture: {reason(error)}"
        ) from error
    if (found := weights_sha256(model)) != contract.weights_sha256:
        raise ContractError(f"{file.path}: weights_sha256: model {found}, contract {contract.weights_sha256}")
    return model.eval(), contract
