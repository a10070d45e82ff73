# SPDX-License-Identifier: Apache-2.0
"""Re-encode a memory with a new model, from the stored pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from ami_ros.memory.reader import pages
from ami_ros.memory.store import Store
from ami_ros.model.runtime import ModelRuntime


def reindex(store: Store, ids: Sequence[int], model: ModelRuntime) -> Iterator[int]:
    """Store `model`'s encodings of moments, and yield the count after each step; it may stop there.

    Raises:
        ImageError: pictures are smaller than the model's: they were stored for a smaller input.
        ObservationError: a sensor of the model was not remembered.
    """
    torch.set_num_threads(1)  # for one moment at a time, threads would only wait for each other
    for page in pages(ids):
        sensed = [model.sense(found.moment.observation()) for found in store.moments(page)]
        store.put_states(model.sha256, page, np.stack([one.state.cpu().numpy() for one in sensed]))
        yield len(page)
