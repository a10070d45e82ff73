# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: the returns of each controller on the same episodes, next to the oracle's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.process.controllers import Controller
from benchmarks.process.world import World

DRAWS = 2000  # of the bootstrap
ENDED = -1e3  # for each step that is left when pc-gym's integrator fails


def returned(world: World, controller: Controller, seed: int) -> float:
    """Return the sum of an episode's rewards."""
    seen, total = world.begin(seed), 0.0
    controller.begin(world)
    while not world.ends:
        try:
            seen, reward = world.act(controller.act(world, seen))
        except RuntimeError:
            return total + ENDED * (world.plant.steps - 1 - world.step)
        total += reward
    return total


def returns(
    world: World, controller: Controller, seeds: Sequence[int], on_episode: Callable[[], None] = lambda: None
) -> FloatArray:
    """Return the return of each episode (E,)."""
    found = []
    for seed in seeds:
        found.append(returned(world, controller, seed))
        on_episode()
    return np.array(found)


def row(found: FloatArray, oracle: FloatArray, plan_s: Sequence[float] = ()) -> dict[str, Any]:
    """Return the figures of a row: the gap is pc-gym's, of medians, with an interval of 95 % by bootstrap."""
    generator = np.random.default_rng(0)
    picks = generator.integers(len(found), size=(DRAWS, len(found)))
    gaps = [_gap(found[pick], oracle[pick]) for pick in picks]
    return {
        "return_median": float(np.median(found)),
        "return_mean": float(found.mean()),
        "gap": _gap(found, oracle),
        "gap_ci": np.quantile(gaps, [0.025, 0.975]).tolist(),
        "gap_of_means": float((oracle.mean() - found.mean()) / abs(oracle.mean())),
        "plan_ms_p50": 1e3 * float(np.median(plan_s)) if len(plan_s) else None,
    }


def _gap(found: FloatArray, oracle: FloatArray) -> float:
    best = float(np.median(oracle))
    return (best - float(np.median(found))) / abs(best)
