# SPDX-License-Identifier: Apache-2.0
"""Eviction from a full memory: moments go that are similar to others that stay."""

from __future__ import annotations

import numpy as np

from ami_ros.memory.moment import Floats
from ami_ros.memory.reader import Ids
from ami_ros.memory.store import Store
from ami_ros.types import RARE_SURPRISE

CHUNK = 512  # moments compared with each other
SPARE = 0.9  # share of the largest size left after an eviction, so that not every write evicts


class Eviction:
    """Keeps a file below its size limit.

    Named moments and the newest one stay. The others form kinds: same task, states of the same model, usual
    or surprising. An eviction samples moments of the largest kind and removes those most similar to another
    one. Places seen once outlive places seen every day, rare moments of a kind outlive common ones, and no
    kind displaces another.

    Source: greedy removal of the closest pair, as in k-center data summarisation; Gonzalez, "Clustering to
    minimize the maximum intercluster distance" (1985).

    Args:
        most_bytes: size limit of the file.
        model: SHA-256 of the model whose states measure similarity, where it has encoded the moments.
        generator: random numbers of the sampling.
    """

    def __init__(self, most_bytes: int, model: str, generator: np.random.Generator) -> None:
        self._most, self._model, self._generator = most_bytes, model, generator

    def __call__(self, store: Store) -> int:
        """Evict until the file is small enough, or only protected moments are left; return how many."""
        gone = 0
        if store.bytes <= self._most:
            return gone
        kinds = store.kinds(self._model, RARE_SURPRISE)
        left = {kind: np.array(ids, dtype=np.int64) for kind, ids in kinds.items()}
        while store.bytes > SPARE * self._most and left:
            # In a tie, the usual moments go.
            kind = max(left, key=lambda one: (len(left[one]), not one.surprises))
            less = self._redundant(store, kind.model, left[kind])
            gone += store.forget(less.tolist())
            left[kind] = np.setdiff1d(left[kind], less)
            if not len(left[kind]):
                del left[kind]
        return gone

    def _redundant(self, store: Store, model: str | None, ids: Ids) -> Ids:
        """Return half (rounded up) of some moments (N,) of a kind."""
        chunk = np.sort(self._generator.permutation(ids)[:CHUNK])
        known, states = store.states_of(model, chunk.tolist())
        if len(known) < len(chunk):  # the others cannot be compared: the oldest of them go
            unknown = np.setdiff1d(chunk, known)
            return unknown[: (len(unknown) + 1) // 2]
        return known[redundant(states.astype(np.float32))]


def redundant(states: Floats) -> Ids:
    """Return the indices of half (rounded up) of states (N, F): repeatedly one of the most similar pair."""
    square = (states**2).sum(axis=1)
    apart = square[:, None] + square[None, :] - 2.0 * states @ states.T
    np.fill_diagonal(apart, np.inf)
    gone = []
    for _ in range((len(states) + 1) // 2):
        nearest = apart.min(axis=1)
        one = int(nearest.argmin())
        gone.append(one)
        apart[one, :] = apart[:, one] = np.inf
    return np.array(gone, dtype=np.int64)
