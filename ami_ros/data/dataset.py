# SPDX-License-Identifier: Apache-2.0
"""Training windows drawn from recorded episodes, held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ami_ros.data.episode import read_episode
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray


@dataclass(frozen=True, eq=False)
class Windows:
    """B windows of T steps.

    Attributes:
        images: (B, T + 1, H, W, 3) uint8.
        joints: (B, T + 1, 2 J) rad, rad/s.
        actions: (B, T, A) m/s.
        tip: (B, T + 1, 3) m, for probes only.
    """

    images: ImageArray
    joints: NDArray[np.float32]
    actions: NDArray[np.float32]
    tip: NDArray[np.float32]


class EpisodeSet:
    """Episodes of equal length as four arrays.

    Args:
        paths: episode files.
        on_read: called after each file, for a progress bar.

    Raises:
        EpisodeError: unreadable or unequal episodes.
    """

    def __init__(self, paths: Sequence[Path], on_read: Callable[[], None] = lambda: None) -> None:
        first = read_episode(paths[0])
        count = len(paths)
        self.images = np.empty((count, *first.images.shape), dtype=np.uint8)
        self.joints = np.empty(
            (count, len(first.images), 2 * first.joint_position.shape[1]), dtype=np.float32
        )
        self.actions = np.empty((count, *first.actions.shape), dtype=np.float32)
        self.tip = np.empty((count, *first.tip.shape), dtype=np.float32)
        digest = hashlib.sha256()
        for i, path in enumerate(paths):
            record = first if i == 0 else read_episode(path)
            if record.images.shape != first.images.shape:
                got, expected = record.images.shape, first.images.shape
                raise EpisodeError(
                    f"{path}: images have shape {got}, expected {expected} as in {paths[0].name}"
                )
            self.images[i] = record.images
            self.joints[i] = np.concatenate([record.joint_position, record.joint_velocity], axis=1)
            self.actions[i] = record.actions
            self.tip[i] = record.tip
            digest.update(record.images.tobytes())
            digest.update(record.actions.tobytes())
            on_read()
        self.sha256 = digest.hexdigest()

    def __len__(self) -> int:
        """Number of episodes."""
        return len(self.images)

    @property
    def steps(self) -> int:
        """Control steps per episode."""
        return self.actions.shape[1]

    def windows(self, count: int, steps: int, generator: np.random.Generator) -> Windows:
        """Draw `count` windows of `steps` control steps, uniformly."""
        if steps > self.steps:
            raise EpisodeError(f"windows of {steps} steps do not fit in episodes of {self.steps} steps")
        episode = generator.integers(len(self), size=(count, 1))
        start = generator.integers(self.steps - steps + 1, size=(count, 1))
        frames, moves = start + np.arange(steps + 1), start + np.arange(steps)
        return Windows(
            self.images[episode, frames],
            self.joints[episode, frames],
            self.actions[episode, moves],
            self.tip[episode, frames],
        )
