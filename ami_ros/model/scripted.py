# SPDX-License-Identifier: Apache-2.0
"""Load a TorchScript file whose hash was verified: it is code."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ami_ros.errors import ModelFileError
from ami_ros.model.deprecation import torchscript_deprecation_ignored


def load_scripted(path: Path, device: torch.device) -> nn.Module:
    """Return the module in evaluation mode, on `device`; the caller has verified the file.

    Raises:
        ModelFileError: torch cannot load it.
    """
    try:
        with torchscript_deprecation_ignored():
            module: nn.Module = torch.jit.load(str(path), map_location=device)
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"{path}: torch cannot load it: {error}; expected a TorchScript file") from error
    return module.eval()
