# SPDX-License-Identifier: Apache-2.0
"""The same scenes in a varied look and in the plain one: pairs for invariance to the look.

Source: Tobin et al., "Domain randomization for transferring deep neural networks from simulation to the real
world" (2017), with the plain look as the canonical one, as in James et al., "Sim-to-real via sim-to-sim"
(2019); here latents are compared, not images.
"""

from __future__ import annotations

import numpy as np

from ami_ros.episodes.double_exposure import SCENES, DoubleExposure
from ami_ros.sim.camera.variation import NAMES, draw_variation, varied_kinds
from ami_ros.sim.collect.scene_recorder import SceneRecorder

STREAM = 96  # keeps these draws apart from those of the training data and of other pictures


class DoubleExposureRecorder(SceneRecorder):
    """Takes pictures of scattered scenes; they do not depend on the process that takes them."""

    def record(self, index: int) -> DoubleExposure:
        """Record SCENES scenes in look `index`."""
        generator = np.random.default_rng([self._settings.seed, STREAM, index])
        varied = varied_kinds(self._variation, generator)
        # At least one kind varies, and each is the first in equally many looks.
        kinds, cameras = [NAMES[index % len(NAMES)], *varied], len(self._spec.images)
        look = draw_variation(self._variation, generator, kinds, cameras=cameras)
        scenes = [self._task.scatter(generator) for _ in range(SCENES)]
        sides = []
        for shown in (look, None):
            self._scene.vary(shown, int(generator.integers(2**31)))
            seen = [self._scene.images_at(scene.start, scene.start_objects) for scene in scenes]
            sides.append(
                {
                    camera.name: np.stack([self._small(images[camera.name]) for images in seen])
                    for camera in self._spec.images
                }
            )
        return DoubleExposure(*sides)
