# SPDX-License-Identifier: Apache-2.0
"""Folds the normalisation of inputs into the first layer: fit on normalised inputs, run on raw ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def fold(layer: nn.Linear, mean: Tensor, mixing: Tensor) -> None:
    """Change `layer`, fitted on ``(x - mean) @ mixing``, so that it returns the same for x.

    Args:
        layer: changed in place.
        mean: (D,).
        mixing: (D, D), or its diagonal (D,).
    """
    with torch.no_grad():
        weight = layer.weight @ mixing.T if mixing.dim() == 2 else layer.weight * mixing
        layer.bias.sub_(weight @ mean)
        layer.weight.copy_(weight)
