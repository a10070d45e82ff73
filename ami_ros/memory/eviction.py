# SPDX-License-Identifier: Apache-2.0
"""What is forgotten when a memory is full: what is much like something else that is kept."""

from __future__ import annotations

import numpy as np

from ami_ros.memory.moment import Floats
from ami_ros.memory.reader import Ids
from ami_ros.memory.store import Store
from ami_ros.types import RARE_SURPRISE

CHUNK = 512  # moments that are compared with each other
SPARE = 0.9  # of the most: what is left after a clearing, so that not every writing clears


class Eviction:
    """Keeps a file below its largest size.

    Moments with a name stay, and the newest one. The others are of kinds: of one task, with states of one
    model, usual or surprising. Of the kind that there is most of some are drawn, and of those the ones that
    are most like another one go: places that were seen once outlive places that were seen every day, what is
    rare of its kind outlives what is common, and no kind drives out another.

    Source: greedy removal of the closest pair, as in k-center data summarisation; Gonzalez, "Clustering to
    minimize the maximum intercluster distance" (1985).

    Args:
        most_bytes: of the file.
        model: SHA-256 of the model whose states say what is alike, where it has seen it.
        generator: draws them.
    """

    def __init__(self, most_bytes: int, model: str, generator: np.random.Generator) -> None:
        self._most, self._model, self._generator = most_bytes, model, generator

    def __call__(self, store: Store) -> int:
        """Forget until it is small enough, or only what stays is left; return how many moments went."""
        gone = 0
        if store.bytes <= self._most:
            return gone
        kinds = store.kinds(self._model, RARE_SURPRISE)
        left = {kind: np.array(ids, dtype=np.int64) for kind, ids in kinds.items()}
        while store.bytes > SPARE * self._most and left:
            # Where there is as much of both, the usual goes.
            kind = max(left, key=lambda one: (len(left[one]), not one.surprises))
            less = self._redundant(store, kind.model, left[kind])
            gone += store.forget(less.tolist())
            left[kind] = np.setdiff1d(left[kind], less)
            if not len(left[kind]):
                del left[kind]
        return gone

    def _redundant(self, store: Store, model: str | None, ids: Ids) -> Ids:
        """Return half, rounded up, of some moments of a kind (N,)."""
        chunk = np.sort(self._generator.permutation(ids)[:CHUNK])
        known, states = store.states_of(model, chunk.tolist())
        if len(known) < len(chunk):  # nothing tells what the others are like: the oldest of them go
            unknown = np.setdiff1d(chunk, known)
            return unknown[: (len(unknown) + 1) // 2]
        return known[redundant(states.astype(np.float32))]


def redundant(states: Floats) -> Ids:
    """Return the indices of half (rounded up) of states (N, F): each time one of the two most alike."""
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
