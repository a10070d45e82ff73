# SPDX-License-Identifier: Apache-2.0
"""Device and number type of the model's computations."""

from __future__ import annotations

import torch

from ami_ros.errors import ConfigError

# Meaning of "auto" by kind of device. On a CPU, float32 is the same everywhere and never emulated.
USUAL_PRECISION = {"cpu": torch.float32, "cuda": torch.float16}
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def pick_device(name: str) -> torch.device:
    """Return the device for setting `device`: cpu, cuda, or auto, which is cuda if available.

    Raises:
        ConfigError: cuda is requested but absent.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        built = "this torch was built without CUDA" if torch.version.cuda is None else "torch found no GPU"
        raise ConfigError(f"device: got cuda, but {built}; expected cpu, or auto for a GPU if available")
    return torch.device(name)


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the number type of the search, for setting `precision`.

    Raises:
        ConfigError: float16 on a CPU, which would be emulated.
    """
    if name == "auto":
        return USUAL_PRECISION[device.type]
    if name == "float16" and device.type == "cpu":
        raise ConfigError("precision: got float16 on device cpu, expected auto, float32 or bfloat16")
    return DTYPES[name]
