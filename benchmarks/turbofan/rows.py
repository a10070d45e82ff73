# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: how well each controller follows thrust, what it burns, and what it exceeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray
from benchmarks.turbofan.controllers import Controller
from benchmarks.turbofan.limits import NAMES, STEPS
from benchmarks.turbofan.world import World

DRAWS = 2000  # of the bootstrap
LOST = 0.02  # of the efficiency of the high-pressure compressor


@dataclass(frozen=True)
class Outcome:
    """How a profile went.

    Attributes:
        error: of the thrust at the end of each step (S,), percent of what was demanded.
        moving: whether the demand moved then or shortly before (S,).
        exceeded: steps in which each limit was exceeded (7,), see `limits.NAMES`.
        steps_beyond: steps in which any limit was.
        burnt: fuel for the impulse that was delivered, g/kN/s.
    """

    error: FloatArray
    moving: NDArray[np.bool_]
    exceeded: NDArray[np.int_]
    steps_beyond: int
    burnt: float

    @property
    def cost(self) -> float:
        """Mean error of the thrust, percent, and fuel for an impulse in percents: what regret compares."""
        return float(np.abs(self.error).mean()) + 100.0 * float(np.log(self.burnt))


def flown(
    world: World, controller: Controller, seed: int, lost: float = 0.0, step: int = STEPS // 2
) -> Outcome:
    """Fly a profile; at a step, its middle, the high-pressure compressor loses a share of its efficiency."""
    seen = world.begin(seed)
    controller.begin(world)
    while not world.ends:
        if world.step == step:
            world.health -= lost
        seen = world.act(controller.act(world, seen))
    taken = world.taken
    exceeded = np.array([one.exceeded for one in taken])
    return Outcome(
        error=100.0 * np.array([one.error for one in taken]),
        moving=np.array([one.moving for one in taken]),
        exceeded=exceeded.sum(axis=0),
        steps_beyond=int(exceeded.any(axis=1).sum()),
        burnt=1e6 * sum(one.fuel for one in taken) / sum(one.impulse for one in taken),
    )


def outcomes(
    world: World, controller: Controller, seeds: Sequence[int], on_profile: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Fly the profiles of some seeds."""
    found = []
    for seed in seeds:
        found.append(flown(world, controller, seed))
        on_profile()
    return found


def row(
    profiles: Sequence[Outcome],
    usual: Sequence[Outcome],
    best: Sequence[Outcome] | None,
    plan_s: Sequence[float] = (),
) -> dict[str, Any]:
    """Return the figures of a row.

    Args:
        profiles: of the row.
        usual: the same profiles by the min-max controller.
        best: the same by the ceiling; None leaves regret out.
        plan_s: how long decisions took.
    """
    still = np.concatenate([np.abs(one.error[~one.moving]) for one in profiles])
    moving = np.concatenate([np.abs(one.error[one.moving]) for one in profiles])
    saved = [100.0 * (1.0 - one.burnt / other.burnt) for one, other in zip(profiles, usual, strict=True)]
    regret = None if best is None else [a.cost - b.cost for a, b in zip(profiles, best, strict=True)]
    return {
        "thrust_error_steady": float(still.mean()),
        "thrust_error_steady_worst": float(still.max()),
        "thrust_error_transient": float(moving.mean()),
        "thrust_error_transient_worst": float(moving.max()),
        "limit_violations": sum(one.steps_beyond for one in profiles),
        "limits_exceeded": dict(
            zip(NAMES, np.sum([one.exceeded for one in profiles], axis=0).tolist(), strict=True)
        ),
        "fuel_saved": float(np.mean(saved)),
        "fuel_saved_ci": interval(saved),
        "regret": None if regret is None else float(np.mean(regret)),
        "regret_ci": None if regret is None else interval(regret),
        "plan_ms_p50": 1e3 * float(np.median(plan_s)) if len(plan_s) else None,
    }


def interval(values: Sequence[float]) -> list[float]:
    """Return the interval of 95 % of a mean, by bootstrap over profiles."""
    each, generator = np.array(values), np.random.default_rng(0)
    means = each[generator.integers(len(each), size=(DRAWS, len(each)))].mean(axis=1)
    found: list[float] = np.quantile(means, [0.025, 0.975]).tolist()
    return found


def auc(ill: Sequence[float], well: Sequence[float]) -> float:
    """Return the share of pairs in which the ill one has the larger value, ties by half.

    Source: Hanley and McNeil, "The meaning and use of the area under a ROC curve" (1982).
    """
    difference = np.subtract.outer(np.array(ill), np.array(well))
    return float((difference > 0.0).mean() + 0.5 * (difference == 0.0).mean())
