# SPDX-License-Identifier: Apache-2.0
"""What a camera sees beyond the training range: more light, more blur, another pose, an unknown object.

A model can learn to recognise the unfamiliar only from pictures of it. Source: Hendrycks, Mazeika and
Dietterich, "Deep anomaly detection with outlier exposure" (2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.episodes.oddity import BEYOND, BYSTANDER, OddityRecord
from ami_ros.sim.camera.variation import NAMES, beyond_variation, training_variation
from ami_ros.sim.collect.bystanders import Bystanders
from ami_ros.sim.collect.scene_recorder import SceneRecorder
from ami_ros.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration

STREAM = 95  # keeps these draws apart from those of the training data and of the events
KINDS = (*NAMES, BYSTANDER)


class OddityRecorder(SceneRecorder):
    """Takes pictures of moments of the training motion; a moment does not depend on the process."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self._bystanders = Bystanders(self._scene)

    def record(self, index: int) -> OddityRecord:
        """Record moment `index`: one picture of each of KINDS."""
        generator = np.random.default_rng([self._settings.seed, STREAM, index])
        episode = self._task.scatter(generator)
        motion = self._task.motion(episode, self._settings, generator)
        self._scene.vary(None)
        steps = int(generator.integers(1, self._settings.episode_steps + 1))
        moment = self._film(episode, motion, steps)
        images: dict[str, list[ImageArray]] = {camera.name: [] for camera in self._spec.images}
        cameras = len(images)
        for kind in KINDS:
            if kind == BYSTANDER:
                looks = training_variation(self._variation, generator, cameras)
            else:
                looks = beyond_variation(self._variation, generator, kind, BEYOND, cameras)
            self._scene.vary(looks, int(generator.integers(2**31)))
            if kind == BYSTANDER:
                self._bystanders.show(generator, self._scene.area, _in_sight(moment))
            for camera, image in self._scene.images().items():
                images[camera].append(self._small(image))
            self._bystanders.hide()
        stacked = {camera: np.stack(pictures) for camera, pictures in images.items()}
        vectors = {sensor: values[-1] for sensor, values in moment.vectors.items()}
        return OddityRecord(stacked, np.array(KINDS), vectors)


def _in_sight(moment: EpisodeRecord) -> FloatArray:
    """Return the positions (M, 2) of the task's objects, and of a base itself."""
    places = moment.truth["objects"][-1, :, :2].astype(np.float64)
    base = moment.truth.get("position")
    return places if base is None else np.concatenate([places, base[-1:].astype(np.float64)])
