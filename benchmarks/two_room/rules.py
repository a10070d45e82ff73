# SPDX-License-Identifier: Apache-2.0
"""What counts as success, by the yardstick's own rules and by those of an audit, and what others reached.

Source: docs/baselines.md and scripts/plan/config/tworoom.yaml of galilai-group/stable-worldmodel, for the
usual rules; EVALUATION_SPEC.md, README.md and submissions/leaderboard.json of DavidSunok/CLEAR-LeWM 0.5,
for the strict rules and the floor of the usual ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AHEAD = 25  # steps of an expert from the start to the goal
BUDGET = 50  # steps


@dataclass(frozen=True)
class Rules:
    """How a set of tasks is drawn and judged.

    Attributes:
        tasks: in the set.
        near: px; a place nearer to the goal than this counts as the goal.
        audited: whether start and goal are in different rooms, the disc is swept along the walls, a task is
            drawn only where an expert's recording overlaps none, and only the goal's side of the wall counts.
        published: method -> success.
    """

    tasks: int
    near: float
    audited: bool
    published: Mapping[str, float]


RULES = {
    "usual": Rules(
        tasks=50,
        near=16.0,
        audited=False,
        published={
            "LeWM": 0.87,
            "DINO-WM": 1.00,
            "PLDM": 0.97,
            "GCBC": 1.00,
            "GCIQL": 1.00,
            "GCIVL": 1.00,
            "random": 0.26,
        },
    ),
    "strict": Rules(
        tasks=100,
        near=8.0,
        audited=True,
        published={"LeWM": 0.583, "LeWM on DINOv2": 0.26, "GCBC on LeWM": 0.09, "random": 0.017},
    ),
}
