# SPDX-License-Identifier: Apache-2.0
"""What memory costs: append rate, added time of a cycle, size on disk, and time to find again."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.memory.index import Index
from ami_ros.memory.moment import Episode, Floats, Moment
from ami_ros.memory.remembering import Remembering
from ami_ros.memory.store import Store
from ami_ros.planning.protocols import Planner
from ami_ros.types import Observation, Reading

BATCH = 20  # moments written at once
STRETCH = 50  # cycles with memory, and then without
NEAREST, QUERIES = 10, 1000
NOISE = 0.1  # control steps, of a query near a remembered state


def append_rate(path: Path, moments: Sequence[Moment], seconds: float) -> dict[str, float]:
    """Return moments per second, and bytes per moment, of a file written as fast as possible."""
    with Store(path) as store:
        episode, empty = store.begin(Episode("bench")), store.bytes
        endless, count, started = itertools.cycle(moments), 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            store.append([(episode, next(endless)) for _ in range(BATCH)], "bench")
            count += BATCH
        return {
            "append_per_s": count / (time.perf_counter() - started),
            "bytes_per_moment": (store.bytes - empty) / count,
        }


def loop_added_ms(
    planner: Planner, observations: Sequence[Observation], step_ns: int, follower: Remembering, cycles: int
) -> dict[str, float]:
    """Return the time a follower adds to a cycle of the planner, ms: quantiles with it minus those without.

    Stretches with and without it alternate. There is no pause between the cycles: the writer has the load of
    several times the real rate.

    Args:
        planner: has a goal.
        observations: in turn.
        step_ns: from one to the next.
        follower: remembers.
        cycles: with it, and as many without.
    """
    taken: dict[bool, list[float]] = {True: [], False: []}
    for cycle in range(2 * cycles):
        on = (cycle // STRETCH) % 2 == 0
        observation = _at(observations[cycle % len(observations)], cycle * step_ns)
        before = time.perf_counter()
        plan = planner.plan(observation)
        if on:
            follower.see(observation, plan)
        taken[on].append((time.perf_counter() - before) * 1e3)
    quantiles = {on: np.quantile(values, [0.5, 0.99]) for on, values in taken.items()}
    p50, p99 = quantiles[True] - quantiles[False]
    return {"loop_added_ms_p50": float(p50), "loop_added_ms_p99": float(p99)}


def _at(observation: Observation, stamp_ns: int) -> Observation:
    readings = {n: Reading(r.value, stamp_ns, stamp_ns) for n, r in observation.readings.items()}
    return dataclasses.replace(observation, readings=readings)


def find_again(points: Floats, size: int, seed: int, note: Callable[[], object]) -> dict[str, Any]:
    """Return how fast, and how reliably, the nearest of `size` points (N, P) to some of them are found."""
    generator = np.random.default_rng(seed)
    points, index = points[:size], Index(points.shape[1])
    started = time.perf_counter()
    index.add(np.arange(len(points)), points)
    build_s = time.perf_counter() - started
    note()
    noise = generator.normal(size=(QUERIES, points.shape[1])) * NOISE / points.shape[1] ** 0.5
    queries = points[generator.integers(0, len(points), QUERIES)].astype(np.float32) + noise.astype(
        np.float32
    )
    taken, shares = [], []
    truth = _nearest_of_all(points, queries[: QUERIES // 10])
    for number, query in enumerate(queries):
        before = time.perf_counter()
        _, away = index.nearest(query, NEAREST)
        taken.append((time.perf_counter() - before) * 1e3)
        if number < len(truth):  # by distance: of two at equal distance either is right
            shares.append(float((away <= truth[number] * 1.01 + 1e-2).mean()))
    note()
    return {
        "states": len(points),
        "query_ms_p50": float(np.quantile(taken, 0.5)),
        "query_ms_p99": float(np.quantile(taken, 0.99)),
        "recall": float(np.mean(shares)),
        "build_s": build_s,
    }


def _nearest_of_all(points: Floats, queries: Floats) -> Floats:
    """Return the true distance of the last of the NEAREST (Q,)."""
    best = np.full((len(queries), NEAREST), np.inf, dtype=np.float32)
    for first in range(0, len(points), 20_000):
        some = points[first : first + 20_000].astype(np.float32)
        squares = (some**2).sum(axis=1) - 2.0 * queries @ some.T + (queries**2).sum(axis=1)[:, None]
        both = np.concatenate([best, np.maximum(squares, 0.0)], axis=1)
        best = np.partition(both, NEAREST - 1, axis=1)[:, :NEAREST]
    distance: Floats = np.sqrt(best.max(axis=1))
    return distance
