# SPDX-License-Identifier: Apache-2.0
"""The most that the processor can do: how fast it multiplies large matrices."""

from __future__ import annotations

import time

import torch

SIZE = 1024  # rows and columns: large enough to leave memory out of it
REPEATS = 8


def roof_gflops(dtype: torch.dtype, device: torch.device) -> float:
    """Return the fastest of some large matrix products, GFLOP/s, with torch's present threads."""
    left, right = torch.ones(2, SIZE, SIZE, dtype=dtype, device=device)
    best_s = float("inf")
    for _ in range(REPEATS):
        _wait(device)
        before = time.perf_counter()
        left @ right
        _wait(device)
        best_s = min(best_s, time.perf_counter() - before)
    return 2.0 * SIZE**3 / best_s / 1e9


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
