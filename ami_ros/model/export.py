# SPDX-License-Identifier: Apache-2.0
"""Write model.pt: scripted world model and planner with the contract inside."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import torch
from torch import nn

from ami_ros.model.contract import Contract
from ami_ros.model.files import CONTRACT_FILE, sidecar
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.scripted import torchscript_deprecation_ignored
from ami_ros.planning.search import LatentSearch
from ami_ros.system.whole_file import write_whole

EXPORTED = [
    "observe",
    "inverse_action",
    "predict",
    "goal_distance",
    "surprise",
    "search",
    "rollout",
    "step_distances",
]


def weights_sha256(model: Jepa) -> str:
    """Return the SHA-256 of all weights and buffers, in name order."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def order_for_planning(model: Jepa) -> None:
    """Lay the weights out in memory as one image and a few hundred candidates are fastest; no value changes.

    Convolutions of one image take a seventh less with channels last, matrix products of candidates up to a
    tenth less with weights that need no transposition.
    """
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.data = layer.weight.data.t().contiguous().t()


def export(model: Jepa, contract: Contract, path: Path) -> str:
    """Script, freeze and write the model and its sidecar ``model.pt.sha256``; returns the hash.

    Raises:
        OutputError: they cannot be written.
    """
    order_for_planning(model)
    search = LatentSearch(model).eval()
    for method in EXPORTED:
        torch.jit.export(getattr(LatentSearch, method))
    with torchscript_deprecation_ignored():
        scripted = torch.jit.freeze(torch.jit.script(search), preserved_attrs=EXPORTED)
        content = io.BytesIO()
        torch.jit.save(scripted, content, _extra_files={CONTRACT_FILE: contract.to_json()})
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    write_whole(path, content.getvalue())
    write_whole(sidecar(path), f"{digest}  {path.name}\n")
    return digest
