# SPDX-License-Identifier: Apache-2.0
"""Write model.pt: the scripted world model with the contract inside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from ami_ros.model.contract import Contract
from ami_ros.model.files import CONTRACT_FILE, sidecar
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.scripted import compiled, content_of, readable
from ami_ros.model.weights import order_for_planning, store_as_half
from ami_ros.model.world_model import WorldModel, exported
from ami_ros.system.whole_file import write_whole


def export(model: Jepa, contract: Contract, path: Path) -> str:
    """Script and write the model and its sidecar ``model.pt.sha256``; return the hash.

    The model is not frozen: the weights keep their names, and `ami_ros.model.restore` reads them back. If
    they are rounded to float16, the file stores them as float16.

    Raises:
        OutputError: they cannot be written.
    """
    order_for_planning(model)
    methods = exported(contract)
    return write_scripted(
        WorldModel(model).eval(), path, {CONTRACT_FILE: contract.to_json()}, methods, freeze=False
    )


def write_scripted(
    module: nn.Module,
    path: Path,
    files: Mapping[str, Any],
    methods: Sequence[str],
    freeze: bool,
) -> str:
    """Script `module`, write it and its sidecar; return the hash.

    Args:
        module: in evaluation mode.
        path: path of the file.
        files: additional files in it, by name.
        methods: methods that it offers besides `forward`; each is marked as `offered`.
        freeze: turn weights into constants and fuse some layers: faster, but cannot be read back.

    Raises:
        OutputError: they cannot be written.
    """
    scripted = compiled(module, methods) if freeze else readable(module)
    if not freeze:
        store_as_half(scripted)
    content = content_of(scripted, files)
    if not freeze:
        scripted.float()  # the weights are the module's own
    digest = hashlib.sha256(content).hexdigest()
    write_whole(path, content)
    write_whole(sidecar(path), f"{digest}  {path.name}\n")
    return digest
