# SPDX-License-Identifier: Apache-2.0
"""The mazes, and what others reached in them.

Source: Park et al., "OGBench: benchmarking offline goal-conditioned RL" (2025), arXiv 2410.20092, table of
all results, pointmaze stitch, mean success; ALPS of Shehmar et al., "Laplacian representations for
decision-time planning" (2026), arXiv 2602.05031.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Maze:
    """A maze of OGBench.

    Attributes:
        environment: its name in OGBench.
        published: method -> mean success from all of the stitch data.
    """

    environment: str
    published: Mapping[str, float]


METHODS = ("GCBC", "GCIVL", "GCIQL", "QRL", "CRL", "HIQL")


def _maze(name: str, *success: float, **others: float) -> Maze:
    return Maze(f"pointmaze-{name}-v0", {**dict(zip(METHODS, success, strict=True)), **others})


MAZES = {
    "medium": _maze("medium", 0.23, 0.70, 0.21, 0.80, 0.00, 0.74),
    "large": _maze("large", 0.07, 0.12, 0.31, 0.84, 0.00, 0.13),
    "giant": _maze("giant", 0.00, 0.00, 0.00, 0.50, 0.00, 0.00, ALPS=0.98),
}
