# SPDX-License-Identifier: Apache-2.0
"""One episode in the making, in the form of training data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import cv2
import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.types import FloatArray, ImageArray, Observation


def small(image: ImageArray, side: int) -> ImageArray:
    """Return an image (H, W, 3) at the recorded size (side, side, 3)."""
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


class Film:
    """Keeps observations and the actions between them.

    Args:
        spec: the robot.
        side: of the recorded images, px.
    """

    def __init__(self, spec: RobotSpec, side: int) -> None:
        self._body, self._side = recorded_body(spec), side
        self._images: dict[str, list[ImageArray]] = defaultdict(list)
        self._vectors: dict[str, list[FloatArray]] = defaultdict(list)
        self._truth: dict[str, list[FloatArray]] = defaultdict(list)
        self._actions: list[FloatArray] = []
        self._intended: list[FloatArray] = []

    def see(self, observation: Observation, truth: Mapping[str, FloatArray]) -> None:
        """Keep an observation, and the ground truth at its time."""
        for name, reading in observation.readings.items():
            if reading.is_image:
                self._images[name].append(small(reading.value, self._side))
            else:
                self._vectors[name].append(reading.value)
        for name, values in truth.items():
            self._truth[name].append(values)

    def act(self, action: FloatArray, intended: FloatArray | None = None) -> None:
        """Keep the next action (A,), in the channels' units, and the one meant; None: the same."""
        self._actions.append(action)
        if intended is not None:
            self._intended.append(intended)

    def episode(self, look: int = PLAIN_LOOK) -> EpisodeRecord:
        """Return the episode; `look` is the number of the world's variation."""
        return EpisodeRecord(
            images={name: np.stack(seen) for name, seen in self._images.items()},
            vectors={name: np.asarray(values, dtype=np.float32) for name, values in self._vectors.items()},
            actions=np.asarray(self._actions, dtype=np.float32),
            truth={name: np.asarray(values, dtype=np.float32) for name, values in self._truth.items()},
            look=np.asarray(look, dtype=np.int64),
            body=self._body,
            intended=np.asarray(self._intended, dtype=np.float32) if self._intended else None,
        )
