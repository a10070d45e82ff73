# SPDX-License-Identifier: Apache-2.0
"""Encode whole episodes once, for the metric, the gates and the probes."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.model.jepa import Jepa
from ami_ros.types import ImageArray


def encode_all(model: Jepa, images: ImageArray) -> Tensor:
    """Return latents (E, S + 1, D) of frames (E, S + 1, H, W, 3), in evaluation mode."""
    model.eval()
    with torch.inference_mode():
        rows = [model.encode(torch.from_numpy(episode)) for episode in images]
    return torch.stack(rows)
