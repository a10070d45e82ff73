# SPDX-License-Identifier: Apache-2.0
"""A maze of OGBench, one episode after another."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.point_maze.mazes import Maze

TASKS = 5  # of each maze
HELD = 5  # steps of OGBench in a control step
SPEED = 2.0  # m/s along an axis: OGBench moves the point by 0.2 a step for an action of 1
Cell = tuple[int, int]


class World:
    """OGBench's environment with its own tasks, noise of starts and goals, tolerance and time limit.

    Args:
        maze: which.
        keeps_on: whether an episode goes on at the goal, as in a recording.
        most_steps: of an episode; None: OGBench's limit for this maze.

    Attributes:
        goal: place (2,) of the current goal.
        reached: whether the point was within the tolerance of the goal after the last step.
        ends: whether the episode is over.
        step: steps of the episode.
    """

    def __init__(self, maze: Maze, keeps_on: bool = False, most_steps: int | None = None) -> None:
        import gymnasium
        import ogbench.locomaze  # noqa: F401  (registers the environments)

        name, ends = maze.environment, not keeps_on
        self._env: Any = gymnasium.make(name, max_episode_steps=most_steps, terminate_at_goal=ends)
        self._inner = cast(Any, self._env.unwrapped)
        self.map: FloatArray = self._inner.maze_map

    def begin(self, task: int, seed: int) -> FloatArray:
        """Begin one of OGBench's tasks, from 1 on; return the place (2,) of the point."""
        return self._begun({"task_id": task}, seed)

    def begin_between(self, start: Cell, goal: Cell, seed: int) -> FloatArray:
        """Begin an episode between two cells; return the place (2,) of the point."""
        return self._begun({"task_info": {"init_ij": start, "goal_ij": goal}}, seed)

    def act(self, action: FloatArray) -> FloatArray:
        """Take a step with an action (2,) in [-1, 1]; return the place (2,) of the point."""
        place, _, ended, timed_out, info = self._env.step(action)
        self.step += 1
        self.reached, self.ends = bool(info["success"]), bool(ended or timed_out)
        return np.asarray(place, dtype=np.float64)

    def cell(self, place: FloatArray) -> Cell:
        """Return the cell of a place (2,)."""
        row, column = self._inner.xy_to_ij(place)
        return int(row), int(column)

    def middle(self, cell: Cell) -> FloatArray:
        """Return the place (2,) of the middle of a cell."""
        return np.array(self._inner.ij_to_xy(cell), dtype=np.float64)

    def _begun(self, options: dict[str, Any], seed: int) -> FloatArray:
        np.random.seed(
            seed % 2**32
        )  # OGBench draws the noise of starts and goals from numpy's global generator
        self._inner.action_space.seed(seed)
        place, info = self._env.reset(seed=seed, options=options)
        self.goal: FloatArray = np.asarray(info["goal"], dtype=np.float64)
        self.step, self.reached, self.ends = 0, False, False
        return np.asarray(place, dtype=np.float64)
