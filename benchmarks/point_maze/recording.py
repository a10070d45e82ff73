# SPDX-License-Identifier: Apache-2.0
"""Stitch data by OGBench's rules: short walks to goals four cells away, of which no one is a whole way.

Source: Park et al., "OGBench: benchmarking offline goal-conditioned RL" (2025), arXiv 2410.20092, and
`data_gen_scripts` of its repository, for the rules: an episode starts in any free cell; its goal is a free
cell four cells away, on the shortest way; at each step the point heads for the middle of the next cell, at
full speed with noise of 0.5, within [-1, 1]; at the goal it stays, for 200 steps in all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.types import FloatArray
from benchmarks.point_maze.mazes import Maze
from benchmarks.point_maze.world import HELD, SPEED, Cell, World

SEED = 10_000_000  # of the first recorded episode: far from those that are judged
STEPS = 200
CELLS = 4  # from the start to the goal
NOISE = 0.5
NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1))


def record(
    maze: Maze, folder: Path, spec: RobotSpec, episodes: int, on_episode: Callable[[], None] = lambda: None
) -> None:
    """Write the first episodes of a maze, in control steps; those of a number are always alike."""
    folder.mkdir(parents=True, exist_ok=True)
    walker = Walker(World(maze, keeps_on=True, most_steps=STEPS))
    for number in range(episodes):
        places, actions = walker.walk(number)
        held = actions.reshape(-1, HELD, 2).mean(axis=1)
        walk = EpisodeRecord(
            images={},
            vectors={"position": places[::HELD].astype(np.float32)},
            actions=(SPEED * held).astype(np.float32),
            truth={},
            look=np.asarray(PLAIN_LOOK, dtype=np.int64),
            body=recorded_body(spec),
        )
        write_episode(episode_path(folder, number), walk)
        on_episode()


class Walker:
    """Walks to goals near by, knowing the map.

    Args:
        world: the maze.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._free = [(int(row), int(column)) for row, column in np.argwhere(world.map == 0)]
        self._steps_from = cache(self._spread)

    def walk(self, number: int) -> tuple[FloatArray, FloatArray]:
        """Return the places (S + 1, 2) and actions (S, 2) of a walk."""
        world, generator = self._world, np.random.default_rng([11, number])
        start = self._free[generator.integers(len(self._free))]
        goals = [cell for cell, steps in self._steps_from(start).items() if steps == CELLS]
        goal = goals[generator.integers(len(goals))] if goals else start
        places, actions = [world.begin_between(start, goal, SEED + number)], []
        while not world.ends:
            toward = world.middle(self._next(world.cell(places[-1]), world.cell(world.goal))) - places[-1]
            action = toward / (np.linalg.norm(toward) + 1e-6) + NOISE * generator.standard_normal(2)
            actions.append(np.clip(action, -1.0, 1.0))
            places.append(world.act(actions[-1]))
        return np.array(places), np.array(actions)

    def _next(self, here: Cell, goal: Cell) -> Cell:
        steps = self._steps_from(goal)
        around = [here, *((here[0] + row, here[1] + column) for row, column in NEIGHBOURS)]
        return min(around, key=lambda cell: steps.get(cell, len(self._free)))

    def _spread(self, start: Cell) -> dict[Cell, int]:
        """Return how many cells away each free cell is."""
        found, waiting = {start: 0}, deque([start])
        while waiting:
            row, column = waiting.popleft()
            for down, right in NEIGHBOURS:
                cell = row + down, column + right
                if cell not in found and self._world.map[cell] == 0:
                    found[cell] = found[row, column] + 1
                    waiting.append(cell)
        return found
