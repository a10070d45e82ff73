# SPDX-License-Identifier: Apache-2.0
"""The goal of an episode, in a planner's terms."""

from __future__ import annotations

from typing import Any

from ami_ros.sim.tasks.task import Episode, Task
from ami_ros.types import Goal


def goal_of(task: Task, episode: Episode, world: Any, label: str = "") -> Goal:
    """Return the images of the cameras, or the values of the task's sensor, at the goal.

    Args:
        task: determines which of the two.
        episode: of the task.
        world: of its body; with cameras for visual goals. It is restored afterwards.
        label: a name for people and logs.
    """
    if task.goal_sensor:
        return Goal(vectors={task.goal_sensor: episode.goal_position}, label=label)
    return Goal(images=world.images_at(episode.goal, episode.goal_objects), label=label)
