# SPDX-License-Identifier: Apache-2.0
"""Recorded episodes as input of augmentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.augmentation.scenery import sceneries
from ami_ros.augmentation.settings import AugmentationSettings
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.errors import EpisodeError
from ami_ros.sim.camera.variation_settings import VariationSettings
from ami_ros.types import ImageArray

Moment = tuple[int, int]  # episode, observation


class Recordings:
    """All episodes of a data set, and the permanent scenery of their cameras.

    Args:
        paths: of the episodes.
        settings: of augmentation.
        variation: how far looks vary.
        on_read: called after each file.

    Attributes:
        episodes: the data set.
        cameras: their names.
        images: camera by camera, (E, S + 1, H, W, 3) uint8.
        sceneries: one per camera.

    Raises:
        EpisodeError: unreadable or unequal episodes, or without a camera.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        settings: AugmentationSettings,
        variation: VariationSettings,
        on_read: Callable[[], None] = lambda: None,
    ) -> None:
        episodes = EpisodeSet(paths, on_read)
        if not episodes.images:
            raise EpisodeError(
                f"{paths[0].parent}: got episodes without a camera, expected one: augmentation varies "
                "pictures"
            )
        self.settings, self.variation, self.episodes = settings, variation, episodes
        self.cameras = tuple(episodes.images)
        self.images: list[ImageArray] = list(episodes.images.values())
        self.sceneries = sceneries(self.images, settings.foreground_levels)

    def generator(self, *stream: int) -> np.random.Generator:
        """Return an independent random generator for a stream of draws."""
        return np.random.default_rng([self.settings.seed, *stream])

    def clip(self, generator: np.random.Generator, steps: int) -> EpisodeRecord:
        """Draw `steps` control steps of one episode."""
        episode = int(generator.integers(len(self.episodes)))
        return self.episode(episode, int(generator.integers(self.episodes.steps - steps + 1)), steps)

    def episode(self, index: int, start: int = 0, steps: int | None = None) -> EpisodeRecord:
        """Return `steps` control steps of an episode from `start` on; None: all of them."""
        whole = self.episodes
        end = start + (whole.steps if steps is None else steps)

        def cut(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
            return {name: array[index, start : end + 1] for name, array in arrays.items()}

        images, vectors, truth = cut(whole.images), cut(whole.vectors), cut(whole.truth)
        return EpisodeRecord(
            images,
            vectors,
            whole.actions[index, start:end],
            truth,
            whole.looks[index],
            whole.body,
            whole.runs[index],
            whole.intended[index, start:end],
        )

    def moment(self, generator: np.random.Generator) -> Moment:
        """Draw one moment."""
        episodes, rows = self.images[0].shape[:2]
        return int(generator.integers(episodes)), int(generator.integers(rows))
