# SPDX-License-Identifier: Apache-2.0
"""Episodes in this process, without ROS."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import torch

from ami_ros.cli.experiment import Experiment, physics_hz
from ami_ros.model.runtime import load_model
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.warm_up import warm_up
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.closed_loop import ClosedLoop, EpisodeResult
from ami_ros.sim.scene import Scene
from ami_ros.sim.tasks.reach import Reach, load_reach_settings


class DirectRunner:
    """Scene, gate and model, loaded once, for as many planners as are to be compared."""

    def __init__(self, experiment: Experiment) -> None:
        torch.set_num_threads(experiment.planner.threads)
        settings = load_reach_settings(experiment.task)
        self._experiment = experiment
        self._model = load_model(experiment.model, experiment.spec)
        self._scene = Scene(experiment.spec, physics_hz())
        self._loop = ClosedLoop(self._scene, experiment.spec, load_safety_settings())
        self._task, self._steps = Reach(experiment.spec, settings), settings.episode_steps

    def episodes(self, solver: str | None = None) -> Iterator[EpisodeResult]:
        """Run every episode of the experiment, with `solver` instead of the experiment's if given."""
        experiment = self._experiment
        settings = dataclasses.replace(experiment.planner, solver=solver or experiment.planner.solver)
        planner = RecedingHorizonPlanner(self._model, experiment.spec, settings)
        warm_up(planner, experiment.spec)
        for seed in experiment.seeds:
            episode = self._task.episode(seed)
            yield self._loop.run(planner, seed, episode, self._steps, experiment.by_joints)

    def close(self) -> None:
        """Free the simulator."""
        self._scene.close()
