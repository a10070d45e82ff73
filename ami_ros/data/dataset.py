# SPDX-License-Identifier: Apache-2.0
"""Training windows drawn from recorded episodes, held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ami_ros.data.episode import PLAIN_LOOK, read_episode
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray


@dataclass(frozen=True, eq=False)
class Windows:
    """B windows of T action blocks, seen at the ends of the blocks.

    Attributes:
        images: (B, T + 1, H, W, 3) uint8.
        joints: (B, T + 1, 2 J) rad, rad/s.
        actions: (B, T, K A) m/s.
        tip: (B, T + 1, 3) m, truth: training never reads it.
        goals: (B, H, W, 3) uint8, what the camera saw some blocks after the window's start.
        looks: (B,) which windows look alike.
    """

    images: ImageArray
    joints: NDArray[np.float32]
    actions: NDArray[np.float32]
    tip: NDArray[np.float32]
    goals: ImageArray
    looks: NDArray[np.int64]


class EpisodeSet:
    """Episodes of equal length as arrays over (episode, control step).

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
        self.objects = np.empty((count, *first.objects.shape), dtype=np.float32)
        self.looks = np.empty(count, dtype=np.int64)
        digest = hashlib.sha256()
        for i, path in enumerate(paths):
            record = first if i == 0 else read_episode(path)
            for name in ("images", "actions", "objects", "joint_position", "tip"):
                got, expected = getattr(record, name).shape, getattr(first, name).shape
                if got != expected:
                    raise EpisodeError(
                        f"{path}: {name} have shape {got}, expected {expected} as in {paths[0].name}"
                    )
            self.images[i] = record.images
            self.joints[i] = np.concatenate([record.joint_position, record.joint_velocity], axis=1)
            self.actions[i] = record.actions
            self.tip[i] = record.tip
            self.objects[i] = record.objects
            self.looks[i] = record.look
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

    def windows(
        self,
        count: int,
        blocks: int,
        generator: np.random.Generator,
        block: int = 1,
        per_episode: int = 1,
        goal_blocks: int = 1,
    ) -> Windows:
        """Draw `count` windows of `blocks` action blocks of `block` control steps.

        Half of them come from episodes with the plain look, each from another one; of the others so many
        come from the same episode that what they have in common can be told apart. Uniformly otherwise.

        Args:
            count: windows, a multiple of twice `per_episode`.
            blocks: action blocks per window.
            generator: random numbers.
            block: control steps per action block.
            per_episode: windows from the same episode, of those that look otherwise.
            goal_blocks: a goal lies 1 to so many action blocks after a window's start.

        Raises:
            EpisodeError: such windows do not fit in the episodes.
        """
        span = blocks * block
        if span > self.steps:
            raise EpisodeError(f"windows of {span} steps do not fit in episodes of {self.steps} steps")
        if count % (2 * per_episode):
            raise EpisodeError(f"got {count} windows, expected a multiple of {2 * per_episode}")
        plain = np.flatnonzero(self.looks == PLAIN_LOOK)
        other = np.flatnonzero(self.looks != PLAIN_LOOK)
        many = generator.choice(plain if plain.size else other, size=count // 2)
        few = generator.choice(other if other.size else plain, size=count // 2 // per_episode)
        episode = np.concatenate([many, np.repeat(few, per_episode)])[:, None]
        start = generator.integers(self.steps - span + 1, size=(count, 1))
        frames, moves = start + block * np.arange(blocks + 1), start + np.arange(span)
        ahead = block * generator.integers(1, goal_blocks + 1, size=(count, 1))
        goal = np.minimum(start + ahead, self.steps)
        return Windows(
            self.images[episode, frames],
            self.joints[episode, frames],
            self.actions[episode, moves].reshape(count, blocks, -1),
            self.tip[episode, frames],
            self.images[episode[:, 0], goal[:, 0]],
            self.looks[episode[:, 0]],
        )
