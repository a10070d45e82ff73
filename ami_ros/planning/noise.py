# SPDX-License-Identifier: Apache-2.0
"""Time-correlated noise: neighbouring actions of a candidate are similar, so candidates get somewhere."""

from __future__ import annotations

import torch
from torch import Tensor


class LastingNoise:
    """Standard normal noise, correlated from one control step to the next.

    Independent noise cancels itself out over the horizon: no candidate goes all the way around a block.

    Source: first-order autoregressive process, as in Pinneri et al., "Sample-efficient cross-entropy method
    for real-time planning" (2020), section 3.1, which colours the noise of CEM.

    Args:
        correlation: correlation of neighbouring control steps, in [0, 1).
        horizon: action blocks (T).
        block: control steps per action block (K).

    Attributes:
        mixing: (T K, T K) matrix that correlates it.
    """

    def __init__(self, correlation: float, horizon: int, block: int) -> None:
        self._steps = horizon * block
        lag = torch.arange(self._steps).unsqueeze(1) - torch.arange(self._steps)
        mixing = torch.where(lag >= 0, torch.tensor(correlation) ** lag.clamp_min(0), torch.tensor(0.0))
        mixing[:, 1:] *= (1.0 - correlation**2) ** 0.5  # keeps the variance at 1 from the first step on
        self.mixing = mixing

    def of(self, noise: Tensor) -> Tensor:
        """Return noise (I, S, T, K A) made from independent standard normal numbers of that shape."""
        steps = noise.view(*noise.shape[:2], self._steps, -1)
        return (self.mixing @ steps).view(noise.shape)
