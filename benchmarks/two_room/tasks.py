# SPDX-License-Identifier: Apache-2.0
"""Tasks of a seed: from a place of an expert's walk to the one 25 steps later, of walks never recorded."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.two_room.expert import HELD_OUT, Expert
from benchmarks.two_room.rules import AHEAD, Rules
from benchmarks.two_room.world import World

WALKS = 200  # that the usual tasks are drawn from


@dataclass(frozen=True, eq=False)
class Task:
    """One task.

    Attributes:
        number: in its set.
        walk: number of the held-out walk.
        start: (2,) px.
        goal: (2,) px.
    """

    number: int
    walk: int
    start: FloatArray
    goal: FloatArray


def tasks(rules: Rules, seed: int, side: int) -> list[Task]:
    """Return the tasks of a seed.

    By the usual rules, each moment of the walks is as likely as any other. By the audited ones, a walk
    gives one task at most, which is not solved at its start.

    Args:
        rules: how they are drawn.
        seed: of the walks and of the draw.
        side: of a world's pictures, px; none is drawn.
    """
    world, generator = World(side), np.random.default_rng([HELD_OUT, seed])
    expert = Expert(world)
    if not rules.audited:
        walks = [expert.walk(HELD_OUT, seed, number)[0] for number in range(WALKS)]
        found = [(number, at) for number, walk in enumerate(walks) for at in range(len(walk) - AHEAD)]
        drawn = [found[index] for index in generator.choice(len(found), rules.tasks, replace=False)]
        return [
            Task(index, number, walks[number][at], walks[number][at + AHEAD])
            for index, (number, at) in enumerate(drawn)
        ]
    chosen: list[Task] = []
    for number in itertools.count():
        if len(chosen) == rules.tasks:
            return chosen
        walk = expert.walk(HELD_OUT, seed, number)[0]
        fit = audited(world, walk, rules)
        if fit:
            at = fit[generator.integers(len(fit))]
            chosen.append(Task(len(chosen), number, walk[at], walk[at + AHEAD]))
    raise AssertionError  # unreachable: numbers do not end


def audited(world: World, walk: FloatArray, rules: Rules) -> list[int]:
    """Return where in a walk (S + 1, 2) tasks of an audit may start.

    The goal is in the other room, and the disc overlaps no wall on the whole way of the expert.
    """
    starts = [
        at
        for at in range(len(walk) - AHEAD)
        if world.crosses(walk[at], walk[at + AHEAD])
        and np.hypot(*(walk[at + AHEAD] - walk[at])) >= rules.near
    ]
    if not starts:
        return []
    passed = [world.walls.passes(one, other) for one, other in itertools.pairwise(walk)]
    return [at for at in starts if all(passed[at : at + AHEAD])]
