# SPDX-License-Identifier: Apache-2.0
"""Episodes in this process, without ROS."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import torch

from ami_ros.errors import ConfigError
from ami_ros.evaluation.experiment import ORACLE, Experiment
from ami_ros.model.runtime import load_model
from ami_ros.planning.factory import experience_of
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.protocols import Planner
from ami_ros.planning.warm_up import warm_up
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.faults.broken_camera import with_black
from ami_ros.sim.loop.closed_loop import ClosedLoop, EpisodeResult, Spoil
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.world.open_world import open_world


class DirectRunner:
    """World, gate and model, loaded once for all planners under comparison.

    Attributes:
        model: the world model.
        world: the body and its environment.
    """

    def __init__(self, experiment: Experiment) -> None:
        torch.set_num_threads(experiment.planner.threads)
        self._experiment = experiment
        self._task = experiment.load_task()
        self.model = load_model(
            experiment.model,
            experiment.spec,
            experiment.sha256,
            device=experiment.planner.device,
            precision=experiment.planner.precision,
            task=experiment.configuration.task_name,
        )
        self.world = open_world(experiment.spec, experiment.configuration.sim.physics_hz)
        self._task.furnish(self.world)
        self._loop = ClosedLoop(
            self.world, experiment.spec, experiment.configuration.safety, experiment.gated
        )
        self._planners: dict[str, Planner] = {}
        self._open = ExitStack()

    def episodes(
        self, solver: str | None = None, perturbation: Perturbation | None = None
    ) -> Iterator[EpisodeResult]:
        """Run every episode, with `solver` and `perturbation` instead of the experiment's if given."""
        for seed in self._experiment.seeds:
            yield self.episode(seed, solver, perturbation)

    def episode(
        self,
        seed: int,
        solver: str | None = None,
        perturbation: Perturbation | None = None,
        spoil: Spoil | None = None,
    ) -> EpisodeResult:
        """Run one episode. Earlier runs change nothing in it but the time that it takes.

        Raises:
            ConfigError: the solver is the oracle, and the task has none.
        """
        planner = self._planner(solver or self._experiment.planner.solver, seed)
        return self.run(planner, seed, perturbation, spoil)

    def run(
        self,
        planner: Planner,
        seed: int,
        perturbation: Perturbation | None = None,
        spoil: Spoil | None = None,
    ) -> EpisodeResult:
        """Run one episode with a given, warmed-up planner; arguments as for `ClosedLoop.run`."""
        looks = perturbation or self._experiment.perturbation
        self.world.vary(looks.variation(seed), seed)
        experiment = self._experiment
        spoil = spoil or partial(with_black, experiment.covered)
        return self._loop.run(planner, seed, self._task, experiment.by_joints, spoil)

    def _planner(self, solver: str, seed: int) -> Planner:
        spec = self._experiment.spec
        if solver == ORACLE:
            motion = self._task.oracle(self._task.episode(seed))
            if motion is None:
                raise ConfigError(f"task {self._experiment.task} has no oracle")
            return Oracle(self.world, spec, motion)
        if solver not in self._planners:
            settings = dataclasses.replace(self._experiment.planner, solver=solver)
            remembers = solver == self._experiment.planner.solver  # baselines do not
            memory = self._experiment.memory if remembers else self._experiment.memory_before
            name = self._experiment.configuration.task_name
            experience = experience_of(self.model, spec, settings, name, memory)
            planner = RecedingHorizonPlanner(
                self.model, spec, settings, time.perf_counter_ns, experience=experience
            )
            warm_up(planner, spec)
            self._planners[solver] = self._remembering(planner) if remembers else planner
        return self._planners[solver]

    def _remembering(self, planner: Planner) -> Planner:
        experiment = self._experiment
        if experiment.memory is None:
            return planner
        from ami_ros.evaluation.remembering_planner import RememberingPlanner

        it = RememberingPlanner(planner, self.model, experiment.configuration, experiment.memory)
        self._open.callback(it.close)
        return it

    def close(self) -> None:
        """Free the simulator, and write pending memories."""
        self._open.close()
        self.world.close()
