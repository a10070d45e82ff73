# SPDX-License-Identifier: Apache-2.0
"""Show a memory to a new model: what was seen is encoded again, from the pictures that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.memory.moment import Moment
from ami_ros.memory.reader import pages
from ami_ros.memory.store import Store
from ami_ros.model.runtime import ModelRuntime
from ami_ros.types import Observation, Reading


def reindex(store: Store, ids: Sequence[int], model: ModelRuntime) -> Iterator[int]:
    """Keep what `model` makes of moments, and yield how many after each step; it may be stopped there.

    Raises:
        ImageError: pictures are smaller than the model's: they were kept for one that sees less.
        ObservationError: a sensor of the model was not remembered.
    """
    for page in pages(ids):
        states = [state_of(found.moment, model) for found in store.moments(page)]
        store.put_states(model.sha256, page, np.stack(states))
        yield len(page)


def state_of(moment: Moment, model: ModelRuntime) -> NDArray[np.float32]:
    """Return what a model makes of a moment (Z,)."""
    seen: dict[str, NDArray[Any]] = {**moment.images}
    seen |= {name: values.astype(np.float64) for name, values in moment.vectors.items()}
    readings = {name: Reading(value, moment.stamp_ns, moment.stamp_ns) for name, value in seen.items()}
    return model.sense(Observation(readings)).state.cpu().numpy()
