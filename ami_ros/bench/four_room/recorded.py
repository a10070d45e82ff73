# SPDX-License-Identifier: Apache-2.0
"""The recordings as a memory: what the training data alone is good for."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.data.dataset import EpisodeSet
from ami_ros.memory.precedents import Precedents
from ami_ros.memory.routes import Route, Routes
from ami_ros.model.points import points_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.routes.settings import GraphRouteSettings

Numbers = NDArray[Any]


class RecordedExperience:
    """Implements `ami_ros.planning.experience.Experience` over recorded episodes.

    Args:
        episodes: recorded.
        model: sees them.
        spec: whose they are.
        how: of the ways through what is remembered.
    """

    def __init__(
        self, episodes: EpisodeSet, model: ModelRuntime, spec: RobotSpec, how: GraphRouteSettings
    ) -> None:
        pictures, steps = episodes.images[spec.camera.name], episodes.steps
        rows = []
        with torch.inference_mode():
            for row in pictures:
                images = torch.from_numpy(row).to(model.device)
                rows.append(model.world.observe([images], torch.zeros(len(row), 0, device=model.device))[0])
        states = torch.cat(rows)
        points = points_of(model, states).cpu().numpy()
        self._states = states.cpu().numpy()
        numbers = np.repeat(np.arange(len(episodes)), steps + 1)
        times = np.tile(np.arange(steps + 1, dtype=np.float32), len(episodes))
        actions = spec.actions.normalised(episodes.actions.astype(np.float64)).astype(np.float32)
        done = [action for episode in actions for action in [*episode, None]]
        self._precedents = Precedents(points.shape[1])
        self._precedents.learn(points.astype(np.float16), done, numbers)
        self._ways = Routes(points.shape[1], how.radius, how.reach)
        self._ways.learn(np.arange(len(points)), points, numbers, times)
        self.dreaded: Numbers = np.zeros((0, states.shape[1]))

    def refresh(self) -> None:
        """Nothing is added while it is used."""

    def way(self, start: Numbers, goal: Numbers) -> Route | None:
        """Return the shortest way that was travelled."""
        return self._ways.find(start, goal)

    def states_of(self, way: Route) -> Numbers:
        """Return the states (R, Z) of a way."""
        return self._states[list(way.moments)]

    def fail(self, way: Route, place: int) -> None:
        """Let a place that was not reached cost more."""
        self._ways.fail(way, place)

    def forgive(self) -> None:
        """Forget what was not reached."""
        self._ways.forgive()

    def candidates(self, here: Numbers, goal: Numbers, count: int, blocks: int) -> list[Numbers]:
        """Return what was done from places like here, nearest to the goal first."""
        return [one.actions for one in self._precedents.toward(here, goal, count, blocks)]
