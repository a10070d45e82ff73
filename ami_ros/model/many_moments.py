# SPDX-License-Identifier: Apache-2.0
"""States of many complete moments at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ami_ros.model.runtime import ModelRuntime


def states_of(
    model: ModelRuntime, images: Mapping[str, NDArray[np.uint8]], vectors: Mapping[str, NDArray[Any]]
) -> Tensor:
    """Return states (N, Z).

    Args:
        model: encodes them.
        images: camera -> (N, S, S, 3), in the model's size; empty for a body without cameras.
        vectors: sensor -> (N, n), in its units; empty for a body without vectors.
    """
    pictures = [torch.from_numpy(images[camera.name]).to(model.device) for camera in model.contract.cameras]
    measured = [vectors[vector.name] for vector in model.contract.vectors]
    count = len(pictures[0]) if pictures else len(measured[0])
    numbers = np.concatenate([np.zeros((count, 0), dtype=np.float32), *measured], axis=1)
    with torch.inference_mode():
        states: Tensor = model.world.observe(pictures, torch.from_numpy(numbers).float().to(model.device))[0]
    return states
