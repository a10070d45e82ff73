# SPDX-License-Identifier: Apache-2.0
"""Training windows drawn from recorded episodes, held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.episodes.episode import INTENDED, PLAIN_LOOK, EpisodeRecord, episode_arrays, read_episode
from ami_ros.episodes.npz import check_names, split_names
from ami_ros.episodes.recorded_body import check_same_body
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray


@dataclass(frozen=True, eq=False)
class Windows:
    """B windows of T action blocks, observed at the ends of the blocks.

    Attributes:
        images: camera -> (B, T + 1, H, W, 3) uint8.
        vectors: sensor -> (B, T + 1, n), in the sensor's units.
        actions: (B, T, K A), in the channels' units.
        truth: name -> (B, T + 1, ...), which training never reads.
        goals: sensor -> its data some blocks after the window's start: (B, H, W, 3) uint8 or (B, n).
        looks: (B,) number of each window's look.
    """

    images: Mapping[str, ImageArray]
    vectors: Mapping[str, NDArray[np.float32]]
    actions: NDArray[np.float32]
    truth: Mapping[str, NDArray[np.float32]]
    goals: Mapping[str, NDArray[Any]]
    looks: NDArray[np.int64]


class EpisodeSet:
    """Episodes of equal length and body as arrays over (episode, control step).

    Args:
        paths: episode files.
        on_read: called after each file, for a progress bar.

    Attributes:
        paths: the files.
        body: names and units of the sensors and channels.
        images: camera -> (E, S + 1, H, W, 3) uint8.
        vectors: sensor -> (E, S + 1, n) float32.
        actions: (E, S, A) float32.
        intended: (E, S, A) float32, the actions that were meant; see `EpisodeRecord`.
        truth: name -> (E, S + 1, ...) float32.
        looks: (E,) int64.
        runs: (E,) int64; see `EpisodeRecord`.
        sha256: of everything that training may read.

    Raises:
        EpisodeError: unreadable or unequal episodes.
    """

    def __init__(self, paths: Sequence[Path], on_read: Callable[[], None] = lambda: None) -> None:
        self.paths, first = tuple(paths), read_episode(paths[0])
        self.body = first.body
        arrays = {
            name: np.empty((len(paths), *array.shape), dtype=array.dtype)
            for name, array in _arrays(first).items()
            if name != "body"
        }
        digest = hashlib.sha256(first.body.to_text().encode())
        for i, path in enumerate(paths):
            record = first if i == 0 else read_episode(path)
            check_same_body(path, record.body, first.body, paths[0].name)
            found = _arrays(record)
            check_names(path, found, {*arrays, "body"})
            as_done = (INTENDED,) if record.intended is None else ()
            for name, whole in arrays.items():
                got, expected = found[name].shape, whole.shape[1:]
                if got != expected:
                    raise EpisodeError(
                        f"{path}: {name}: got shape {got}, expected {expected} as in {paths[0].name}"
                    )
                whole[i] = found[name]
                if not name.startswith("truth.") and name not in ("run", *as_done):
                    digest.update(whole[i].tobytes())
            on_read()
        self.images, self.vectors = split_names(arrays, "image"), split_names(arrays, "vector")
        self.truth = split_names(arrays, "truth")
        self.actions, self.intended = arrays["actions"], arrays[INTENDED]
        self.looks, self.runs = arrays["look"], arrays["run"]
        self.sha256 = digest.hexdigest()

    def __len__(self) -> int:
        """Number of episodes."""
        return len(self.actions)

    @property
    def steps(self) -> int:
        """Control steps per episode."""
        return int(self.actions.shape[1])

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

        Half of them come from episodes with the plain look, each from a separately drawn episode. The other
        half comes from other looks, `per_episode` windows per drawn episode, so that their common look can
        be identified. Sampling is otherwise uniform.

        Args:
            count: windows, a multiple of twice `per_episode`.
            blocks: action blocks per window.
            generator: random numbers.
            block: control steps per action block.
            per_episode: windows per episode with another look.
            goal_blocks: a goal lies 1 to this many action blocks after a window's start.

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
        sensors: dict[str, NDArray[Any]] = {**self.images, **self.vectors}
        return Windows(
            images={name: array[episode, frames] for name, array in self.images.items()},
            vectors={name: array[episode, frames] for name, array in self.vectors.items()},
            actions=self.actions[episode, moves].reshape(count, blocks, -1),
            truth={name: array[episode, frames] for name, array in self.truth.items()},
            goals={name: array[episode[:, 0], goal[:, 0]] for name, array in sensors.items()},
            looks=self.looks[episode[:, 0]],
        )


def _arrays(record: EpisodeRecord) -> dict[str, Any]:
    """Return the arrays of an episode; what was done was meant, unless it says otherwise."""
    return {INTENDED: record.actions, **episode_arrays(record)}
