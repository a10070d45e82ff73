# SPDX-License-Identifier: Apache-2.0
"""A cost term from a package of your own: plans that change the action less from one block to the next.

This file is the whole package. Its pyproject.toml names it in two lines:

    [project.entry-points."ami_ros.cost_terms"]
    smooth = "cost_term"
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """In config/planner.yaml, ROS parameters and keyword arguments: ``terms.smooth.weight``."""

    weight: float = setting("cost of changing every action by the whole range", default=0.0, ge=0.0)


class Term(nn.Module):
    """The mean square of the change of actions (S, T, K A) from block to block; TorchScript compiles it."""

    def __init__(self, world: Any, settings: Settings) -> None:
        super().__init__()
        self.weight = settings.weight

    def forward(self, rollout: Rollout) -> Tensor:
        """Return costs (S,)."""
        return self.weight * rollout.actions.diff(dim=1).square().mean(dim=2).sum(dim=1)


if __name__ == "__main__":
    import ami_ros

    with tempfile.TemporaryDirectory() as folder:  # what `pip install .` leaves
        (installed := Path(folder, "smooth-1.0.dist-info")).mkdir()
        (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: smooth\nVersion: 1.0\n")
        (installed / "entry_points.txt").write_text("[ami_ros.cost_terms]\nsmooth = cost_term\n")
        sys.path.append(folder)
        env = ami_ros.make_env("panda", "reach")
        env.reset(seed=1)
        for weight in (0.0, 300.0):
            planner = ami_ros.load_planner("panda", "reach", **{"terms.smooth.weight": weight})
            planner.set_goal(env.goal)
            plan = planner.plan(env.observation)
            changed = abs(plan.actions[1:] - plan.actions[:-1]).mean()
            costs = ", ".join(f"{name} {cost:.1f}" for name, cost in plan.cost_terms.items() if cost)
            print(f"weight {weight:5}: {changed:.3f} m/s from block to block; costs {costs}")
        env.close()
