# SPDX-License-Identifier: Apache-2.0
"""Rows of the table: each player on the same tasks, and the arithmetic of its plans."""

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
from ami_ros.planning.routes.settings import GRAPH, OFF
from benchmarks.arithmetic import counted
from benchmarks.recordings_as_memory import pictured_moments
from benchmarks.two_room.players import Ours, Player, Random
from benchmarks.two_room.recording import HELD
from benchmarks.two_room.tasks import Task
from benchmarks.two_room.world import World

OURS = "ours, routes"
COUNTED = 10  # tasks of a row whose operations are counted, which slows their plans


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How an episode went.

    Attributes:
        reached: whether the agent counts as at the goal in time.
        steps: of the yardstick that it took.
        flop: floating-point operations of the plans; None: not counted.
    """

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
    walks = pictured_moments(EpisodeSet(list_episodes(data)), model, spec, settings.routes[GRAPH])

    def ours(recalls: bool = False, **changes: Any) -> Ours:
        return Ours(model, spec, dataclasses.replace(settings, **changes), walks if recalls else None)

    return {
        OURS: ours(True, route=GRAPH),
        "ours, flat": ours(route=OFF),
        "retrieval only": ours(True, route=OFF, solver="retrieval"),
        "random": Random(),
    }


def outcomes(
    world: World, player: Player, tasks: Sequence[Task], seed: int, on_task: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Play tasks; the operations of the first ones are counted."""
    found = []
    for task in tasks:
        play = partial(played, world, player, task, seed)
        if task.number < COUNTED:
            one, flop = counted(play)
            one = dataclasses.replace(one, flop=flop)
        else:
            one = play()
        found.append(one)
        on_task()
    return found


def played(world: World, player: Player, task: Task, seed: int) -> Outcome:
    """Play a task to its end; an action is held for a control step."""
    world.begin(task.start, task.goal)
    player.begin(world.picture(task.goal), seed + task.number)
    action = np.zeros(2)
    while not world.ends:
        if world.step % HELD == 0:
            action = player.act(world.picture())
        world.act(action)
    return Outcome(world.reached, world.step)


def row(found: Sequence[Outcome], plan_s: Sequence[float] = ()) -> dict[str, Any]:
    """Return the figures of a row.

    Args:
        found: its episodes.
        plan_s: how long its plans took.
    """
    flops = [one.flop for one in found if one.flop is not None]
    reached = [one.steps for one in found if one.reached]
    return {
        "success": len(reached) / len(found),
        "reached": len(reached),
        "tasks": len(found),
        "steps_median": float(np.median(reached)) if reached else None,
        "tflop_per_episode": float(np.mean(flops)) / 1e12 if any(flops) else None,
        "tflop_most": max(flops) / 1e12 if any(flops) else None,
        "plan_ms_p50": 1e3 * float(np.median(plan_s)) if len(plan_s) else None,
    }
