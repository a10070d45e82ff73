# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: the returns of each controller on the same episodes, next to the oracle's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.process.controllers import Controller
from benchmarks.process.world import World

DRAWS = 2000  # of the bootstrap
ENDED = -1e3  # for each step that is left when pc-gym's integrator fails


@dataclass(frozen=True)
class Outcome:
    """How an episode went.

    Attributes:
        returned: sum of its rewards.
        outside: steps with a state outside of its band.
        longest: the most of them in a row.
    """

    returned: float
    outside: int = 0
    longest: int = 0


def outcome(world: World, controller: Controller, seed: int) -> Outcome:
    """Run an episode."""
    seen, total = world.begin(seed), 0.0
    controller.begin(world)
    while not world.ends:
        try:
            seen, reward = world.act(controller.act(world, seen))
        except RuntimeError:  # of pc-gym's integrator
            total += ENDED * (world.plant.steps - 1 - world.step)
            break
        total += reward
    runs = [len(list(run)) for out, run in groupby(world.outside) if out]
    return Outcome(total, sum(world.outside), max(runs, default=0))


def outcomes(
    world: World, controller: Controller, seeds: Sequence[int], on_episode: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Run the episodes of some seeds."""
    found = []
    for seed in seeds:
        found.append(outcome(world, controller, seed))
        on_episode()
    return found


def row(episodes: Sequence[Outcome], best: Sequence[Outcome], plan_s: Sequence[float] = ()) -> dict[str, Any]:
    """Return the figures of a row: the gap is pc-gym's, of medians, with an interval of 95 % by bootstrap.

    Args:
        episodes: of the row.
        best: the same episodes by the oracle.
        plan_s: how long decisions took.
    """
    found, oracle = (np.array([one.returned for one in row]) for row in (episodes, best))
    generator = np.random.default_rng(0)
    picks = generator.integers(len(found), size=(DRAWS, len(found)))
    gaps = [_gap(found[pick], oracle[pick]) for pick in picks]
    return {
        "return_median": float(np.median(found)),
        "return_mean": float(found.mean()),
        "gap": _gap(found, oracle),
        "gap_ci": np.quantile(gaps, [0.025, 0.975]).tolist(),
        "gap_of_means": float((oracle.mean() - found.mean()) / abs(oracle.mean())),
        "outside_mean": float(np.mean([one.outside for one in episodes])),
        "outside_longest": max(one.longest for one in episodes),
        # Episodes in which a band was left for longer in a row than the oracle left it in the same episode.
        "violations": sum(one.longest > other.longest for one, other in zip(episodes, best, strict=True)),
        "plan_ms_p50": 1e3 * float(np.median(plan_s)) if len(plan_s) else None,
    }


def _gap(found: FloatArray, oracle: FloatArray) -> float:
    best = float(np.median(oracle))
    return (best - float(np.median(found))) / abs(best)
