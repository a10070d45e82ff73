# SPDX-License-Identifier: Apache-2.0
"""Load a TorchScript file whose hash was verified: it is code."""

from __future__ import annotations

import io

import torch
from torch import nn

from ami_ros.errors import ModelFileError
from ami_ros.model.deprecation import torchscript_deprecation_ignored
from ami_ros.model.files import ModelFile


def load_scripted(file: ModelFile, device: torch.device) -> nn.Module:
    """Return the module in evaluation mode, on `device`, from the very bytes that were verified.

    Raises:
        ModelFileError: torch cannot load it.
    """
    try:
        with torchscript_deprecation_ignored():
            module: nn.Module = torch.jit.load(io.BytesIO(file.content), map_location=device)
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(
            f"{file.path}: torch cannot load it: {reason(error)}; expected a TorchScript file"
        ) from error
    return module.eval()


def reason(error: Exception) -> str:
    """Return in one line what torch says in a page: last where TorchScript code failed, else first."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1 if "TorchScript interpreter" in lines[0] else 0].strip()
