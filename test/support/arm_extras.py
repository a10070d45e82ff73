# SPDX-License-Identifier: Apache-2.0
"""A package of somebody else, for `installed`: a cost term, a solver, a kind of task and a robot of its own."""

from __future__ import annotations

NAME = "arm-extras"
POINTS = {
    "ami_ros.cost_terms": {"smooth": "arm_smooth"},
    "ami_ros.solvers": {"descent": "arm_descent"},
    "ami_ros.tasks": {"lift": "arm_lift"},
    "ami_ros.robots": {"bolted": "arm_robots:FOLDER"},
}
MODULES = {
    "arm_smooth": """
from dataclasses import dataclass

from torch import Tensor, nn

from ami_ros.planning.rollout import Rollout
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    weight: float = setting("cost of a change between two blocks", default=0.5, ge=0.0)


class Term(nn.Module):
    def __init__(self, world, settings):
        super().__init__()
        self.weight = settings.weight

    def forward(self, rollout: Rollout) -> Tensor:
        change = rollout.actions[:, 1:] - rollout.actions[:, :-1]
        return self.weight * (change**2).mean(dim=2).sum(dim=1)
""",
    "arm_descent": """
from dataclasses import dataclass

import torch

from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    steps: int = setting("down the gradient", default=8, ge=1)
    rate: float = setting("of a step, share of the action range", default=0.3, gt=0.0)


class Solver:
    def __init__(self, objective, settings):
        self.settings = settings

    def solve(self, problem):
        (lowest, highest), actions = problem.objective.bounds, problem.warm_start.clone()
        for done in range(1, self.settings.steps + 1):
            candidate = actions.unsqueeze(0).requires_grad_()
            (slope,) = torch.autograd.grad(problem.evaluate(candidate)[0].sum(), candidate)
            step = self.settings.rate * slope[0] / slope.abs().max().clamp_min(1e-9)
            actions = (actions - step).clamp(lowest, highest)
            if problem.stopwatch.is_over:
                break
        return problem.solution(actions, done, done == self.settings.steps)
""",
    "arm_lift": """
from dataclasses import dataclass

from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.kinds.reach import Task as Reach
from ami_ros.sim.tasks.task import Episode


@dataclass(frozen=True)
class Settings:
    episode_steps: int = setting("control steps per episode", ge=1)
    minimum_travel: float = setting("least distance from start to goal", ge=0.0, unit="m")


class Task(Reach):
    def _draw(self, generator) -> Episode:
        episode = super()._draw(generator)
        start, goal = self._kinematics.forward(episode.start)[0], episode.goal_position
        return episode if start[2] < goal[2] else Episode(episode.goal, episode.start, start)
""",
    "arm_unlike": "class Settings:\n    steps = 3\n\n\nclass Solver:\n    pass\n",
    "arm_robots": """
from pathlib import Path

FOLDER = Path(__file__).parent
""",
}
ROBOT = "like: panda\nsource: a panda that somebody bolted down\n"
