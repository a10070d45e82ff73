# SPDX-License-Identifier: Apache-2.0
"""Records what the robot sees and does, through the gate, as training data holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import cv2
import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.data.episode import PLAIN_LOOK, EpisodeRecord
from ami_ros.data.recorded_body import recorded_body
from ami_ros.planning.chunk import to_trajectory
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.world.scene import Scene
from ami_ros.types import FloatArray, ImageArray


def nothing(step: int) -> None:
    """Let the world be."""


class Recorder:
    """Episodes of one scene, with images of `image_size` px."""

    def __init__(self, scene: Scene, spec: RobotSpec, image_size: int) -> None:
        self._scene, self._spec, self._size = scene, spec, (image_size, image_size)
        self._kinematics = Kinematics(spec)
        self._body = recorded_body(spec)
        self._loop = ClosedLoop(scene, spec, load_safety_settings())

    def record(
        self,
        episode: Episode,
        motion: Motion,
        steps: int,
        look: int = PLAIN_LOOK,
        happen: Callable[[int], None] = nothing,
    ) -> EpisodeRecord:
        """Put everything at the start of `episode` and record `steps` control steps.

        Args:
            episode: where it begins.
            motion: what the robot does.
            steps: control steps.
            look: number of the scene's variation, for the record.
            happen: called before each observation with its index.
        """
        scene = self._scene
        scene.reset(episode.start, episode.start_objects)
        self._loop.restart()
        images: dict[str, list[ImageArray]] = defaultdict(list)
        vectors: dict[str, list[FloatArray]] = defaultdict(list)
        truth: dict[str, list[FloatArray]] = defaultdict(list)
        actions: list[FloatArray] = []
        for step in range(steps + 1):
            happen(step)
            observation = scene.observe()
            for name, reading in observation.readings.items():
                if reading.is_image:
                    images[name].append(self.small(reading.value))
                else:
                    vectors[name].append(reading.value)
            for name, values in scene.truth().items():
                truth[name].append(values)
            if step < steps:
                action = motion.next(scene)
                actions.append(action)
                proposal = to_trajectory(action[None, None], observation, self._spec, self._kinematics)
                self._loop.step(proposal, observation)
        return EpisodeRecord(
            images={name: np.stack(seen) for name, seen in images.items()},
            vectors={name: np.asarray(values, dtype=np.float32) for name, values in vectors.items()},
            actions=np.asarray(actions, dtype=np.float32),
            truth={name: np.asarray(values, dtype=np.float32) for name, values in truth.items()},
            look=np.asarray(look, dtype=np.int64),
            body=self._body,
        )

    def small(self, image: ImageArray) -> ImageArray:
        """Return a camera image at the recorded size."""
        return np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
