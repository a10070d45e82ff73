# SPDX-License-Identifier: Apache-2.0
"""A map that changes while the robot is on its way: a correct route becomes wrong."""

from __future__ import annotations

from ami_ros.sim.tasks.task import Episode
from ami_ros.sim.world.world import World

UNDER_WAY = 0.15  # of an episode: a planner has found a way, and the robot has not arrived yet


class MapChange:
    """Moves the objects of one episode, once, as soon as the new places are free.

    Args:
        episode: gives the new places, if any.
        steps: control steps of the episode.
    """

    def __init__(self, episode: Episode, steps: int) -> None:
        self._later, self._first_step = episode.later_objects, round(UNDER_WAY * steps)

    def see(self, world: World, step: int) -> None:
        """Note a finished control step."""
        if self._later is not None and step >= self._first_step and world.rearrange(self._later):
            self._later = None
