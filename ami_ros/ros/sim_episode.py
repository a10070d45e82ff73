# SPDX-License-Identifier: Apache-2.0
"""One simulated episode: the scene, the task's start and goal, the step count, and the truth about it."""

from __future__ import annotations

import json

import numpy as np

from ami_ros.embodiment import RobotSpec
from ami_ros.sim.scene import Scene
from ami_ros.sim.tasks.reach import Reach
from ami_ros.types import ImageArray


class SimEpisode:
    """The simulated world between two resets.

    Attributes:
        scene: the world.
        step: control steps done since the reset.
        seed: of this episode.
        number: resets so far; tells a loop that its episode is over.
    """

    def __init__(self, spec: RobotSpec, scene: Scene, task: Reach) -> None:
        self._spec = spec
        self._task = task
        self.scene = scene
        self.number = 0
        self.step = 0
        self.seed = 0

    def reset(self, seed: int) -> ImageArray:
        """Put the arm at the start of `seed` and return the goal image (H, W, 3).

        Raises:
            KinematicsError: the task's start or goal cannot be reached.
        """
        episode = self._task.episode(seed)
        self.scene.reset(episode.start)
        goal_image = self.scene.image_at(episode.goal)
        self._episode, self.seed, self.step = episode, seed, 0
        self.number += 1
        return goal_image

    def start_json(self, **more: object) -> str:
        """Return the start, for the reply to ~/reset."""
        start = self._episode.start
        return json.dumps(
            {"seed": self.seed, "start": start.tolist(), "start_tip": self.scene.tip().tolist(), **more}
        )

    def truth_json(self, stamp_ns: int, final: bool, **more: object) -> str:
        """Return the true state, for scoring only."""
        tip = self.scene.tip()
        truth = {
            "stamp_ns": stamp_ns,
            "step": self.step,
            "seed": self.seed,
            "tip": tip.tolist(),
            "goal_tip": self._episode.goal_tip.tolist(),
            "error": float(np.linalg.norm(tip - self._episode.goal_tip)),
            "joints": self.scene.joints()[0].tolist(),
            "final": final,
        }
        return json.dumps({**truth, **more})
