# SPDX-License-Identifier: Apache-2.0
"""One simulated episode: the world, the task's start and goal, the step count, and the truth about it."""

from __future__ import annotations

import json

from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.loop.goals import goal_of
from ami_ros.sim.loop.map_change import MapChange
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.world import World
from ami_ros.types import Goal


class SimEpisode:
    """The simulated world between two resets.

    Args:
        scene: empty but for the body; the task puts its objects there.
        task: gives starts and goals, and judges.

    Attributes:
        scene: the world.
        step: control steps done since the reset.
        seed: of this episode.
        number: resets so far; shows a loop that its episode is over.
    """

    def __init__(self, scene: World, task: Task) -> None:
        task.furnish(scene)
        self._task = task
        self.scene = scene
        self.number = 0
        self.step = 0
        self.seed = 0

    def reset(self, seed: int, looks: Perturbation) -> Goal:
        """Put everything at the start of `seed` and return the goal.

        Raises:
            KinematicsError: the task's start or goal cannot be reached.
        """
        episode = self._task.episode(seed)
        self.scene.vary(looks.variation(seed), seed)
        self.scene.reset(episode.start, episode.start_objects)
        goal = goal_of(self._task, episode, self.scene)
        self._episode, self.seed, self.step = episode, seed, 0
        self._change = MapChange(episode, self._task.episode_steps)
        self.number += 1
        return goal

    def finish_step(self) -> None:
        """Count a control step."""
        self.step += 1
        self._change.see(self.scene, self.step)

    @property
    def error(self) -> float:
        """True distance from the goal, in m or the task's unit; for scoring only."""
        return self._task.error(self.scene, self._episode)

    def start_json(self, **more: object) -> str:
        """Return the start, for the reply to ~/reset."""
        truth = {f"start_{name}": values.tolist() for name, values in self.scene.snapshot().items()}
        return json.dumps({"seed": self.seed, "start": self._episode.start.tolist(), **truth, **more})

    def truth_json(self, stamp_ns: int, final: bool, **more: object) -> str:
        """Return the true state, for scoring only; `error` is the distance that the task judges."""
        truth = {
            "stamp_ns": stamp_ns,
            "step": self.step,
            "seed": self.seed,
            "error": self.error,
            "goal_position": self._episode.goal_position.tolist(),
            **{name: values.tolist() for name, values in self.scene.snapshot().items()},
            "final": final,
        }
        return json.dumps({**truth, **more})
