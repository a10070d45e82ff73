# SPDX-License-Identifier: Apache-2.0
"""Rows of the table: each player on the same episodes, and the arithmetic of its plans."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.configuration import Configuration
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.episode import list_episodes
from ami_ros.model.runtime import load_model
from ami_ros.planning.routes.settings import GRAPH, LEARNED, OFF
from benchmarks.arithmetic import counted
from benchmarks.point_maze.players import Ours, Player, Random
from benchmarks.point_maze.world import HELD, TASKS, World
from benchmarks.recordings_as_memory import measured_moments

OURS = "ours, routes"
APART = 1000  # seeds of one task and the next


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How an episode went.

    Attributes:
        task: of OGBench, from 1 on.
        reached: whether the point came within the tolerance of the goal in time.
        steps: of OGBench that it took.
        flop: floating-point operations of the plans; None: not counted.
    """

    task: int
    reached: bool
    steps: int
    flop: int | None = None


def players(configuration: Configuration, path: Path, data: Path) -> dict[str, Player]:
    """Return the players by the names of their rows.

    Args:
        configuration: the robot, and how to plan.
        path: of a model of the recorded walks.
        data: folder of these walks.
    """
    spec, settings = configuration.spec, configuration.planner
    model = load_model(path, spec, task=configuration.task_name)
    walks = measured_moments(EpisodeSet(list_episodes(data)), model, spec, settings.routes[GRAPH])

    def ours(recalls: bool = False, **changes: Any) -> Ours:
        return Ours(model, spec, dataclasses.replace(settings, **changes), walks if recalls else None)

    return {
        OURS: ours(True, route=GRAPH),
        "random": Random(),
        "retrieval only": ours(True, route=OFF, solver="retrieval"),
        "ours, flat": ours(route=OFF),
        "ours, routes imagined": ours(route=LEARNED),
    }


def outcomes(
    world: World, player: Player, seed: int, episodes: int, on_episode: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Play some episodes of each task; the first one's operations are counted, which slows its plans."""
    found = []
    for task in range(1, TASKS + 1):
        for number in range(episodes):
            play = partial(played, world, player, task, seed + APART * (task - 1) + number)
            if number == 0:
                one, flop = counted(play)
                one = dataclasses.replace(one, flop=flop)
            else:
                one = play()
            found.append(one)
            on_episode()
    return found


def played(world: World, player: Player, task: int, seed: int) -> Outcome:
    """Play an episode to its end; an action is held for a control step."""
    place, action = world.begin(task, seed), np.zeros(2)
    player.begin(world.goal, seed)
    while not world.ends:
        if world.step % HELD == 0:
            action = player.act(place)
        place = world.act(action)
    return Outcome(task, world.reached, world.step)


def row(found: Sequence[Outcome], plan_s: Sequence[float] = ()) -> dict[str, Any]:
    """Return the figures of a row.

    Args:
        found: its episodes.
        plan_s: how long its plans took.
    """
    flops = [one.flop for one in found if one.flop is not None]
    reached = [one.steps for one in found if one.reached]
    tasks = sorted({one.task for one in found})
    return {
        "success": float(np.mean([one.reached for one in found])),
        "tasks": [float(np.mean([one.reached for one in found if one.task == task])) for task in tasks],
        "episodes": len(found),
        "steps_median": float(np.median(reached)) if reached else None,
        "tflop_per_episode": float(np.mean(flops)) / 1e12 if any(flops) else None,
        "plan_ms_p50": 1e3 * float(np.median(plan_s)) if len(plan_s) else None,
    }
