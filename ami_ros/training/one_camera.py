# SPDX-License-Identifier: Apache-2.0
"""Episodes as a model with one camera and joints sees them: the place where sensors lose their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ami_ros.data.dataset import EpisodeSet
from ami_ros.errors import TrainingError
from ami_ros.types import ImageArray

T = TypeVar("T")


def only(values: Mapping[str, T], what: str) -> T:
    """Return the one value of `values`. Raises TrainingError: none or several."""
    if len(values) != 1:
        raise TrainingError(
            f"the data has {what} {sorted(values)}, expected one: models take one camera and joints"
        )
    return next(iter(values.values()))


@dataclass(frozen=True, eq=False)
class OneCameraWindows:
    """B windows of T action blocks, seen at the ends of the blocks.

    Attributes:
        images: (B, T + 1, H, W, 3) uint8.
        joints: (B, T + 1, 2 J) rad, rad/s.
        actions: (B, T, K A) m/s.
        goals: (B, H, W, 3) uint8, what the camera saw some blocks after the window's start.
        looks: (B,) which windows look alike.
    """

    images: ImageArray
    joints: NDArray[np.float32]
    actions: NDArray[np.float32]
    goals: ImageArray
    looks: NDArray[np.int64]


class OneCameraEpisodes:
    """An EpisodeSet with one camera and one vector sensor.

    Args:
        episodes: of such a body.

    Raises:
        TrainingError: it has other sensors.
    """

    def __init__(self, episodes: EpisodeSet) -> None:
        self._episodes = episodes
        self.images, self.joints = only(episodes.images, "cameras"), only(episodes.vectors, "vector sensors")
        self.actions, self.looks = episodes.actions, episodes.looks
        self.tip, self.objects = episodes.truth["tip"], episodes.truth["objects"]
        self.body, self.sha256, self.steps = episodes.body, episodes.sha256, episodes.steps

    def __len__(self) -> int:
        """Number of episodes."""
        return len(self._episodes)

    def windows(self, *arguments: Any) -> OneCameraWindows:
        """Draw windows: see `EpisodeSet.windows`."""
        drawn = self._episodes.windows(*arguments)
        images, joints = only(drawn.images, "cameras"), only(drawn.vectors, "vector sensors")
        (camera,) = drawn.images
        return OneCameraWindows(images, joints, drawn.actions, drawn.goals[camera], drawn.looks)
