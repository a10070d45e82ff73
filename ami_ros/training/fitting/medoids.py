# SPDX-License-Identifier: Apache-2.0
"""Selects a few of many points, so that each of the many has a similar one."""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDS = 30


def medoids(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` of points (N, D): the point nearest to the mean of each cluster.

    Source: Lloyd, "Least squares quantization in PCM" (1982).

    Args:
        points: (N, D); if fewer than `count`, some come twice.
        count: number of medoids.
        generator: random numbers of the first choice.
    """
    if len(points) < count:
        points = points.repeat(-(-count // len(points)), 1)
    middles = points[torch.randperm(len(points), generator=generator)[:count]]
    for _ in range(ROUNDS):
        cluster = torch.cdist(points, middles).argmin(dim=1)
        sums = torch.zeros_like(middles).index_add(0, cluster, points)
        sizes = torch.zeros(count).index_add(0, cluster, torch.ones(len(points)))
        middles = torch.where(sizes[:, None] > 0, sums / sizes.clamp_min(1.0)[:, None], middles)
    return points[torch.cdist(middles, points).argmin(dim=1)]
