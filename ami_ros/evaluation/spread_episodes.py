# SPDX-License-Identifier: Apache-2.0
"""Episodes in several processes, without ROS; the same, in the same order, as in one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import Experiment
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.system.engines import LOCAL, pool_on


def _episode(
    solver: str | None, perturbation: Perturbation | None, runner: DirectRunner, seed: int
) -> EpisodeResult:
    return runner.episode(seed, solver, perturbation)


class SpreadRunner:
    """Does what DirectRunner does, in `workers` processes with a simulator and a model each, on an engine."""

    def __init__(self, experiment: Experiment, workers: int, engine: str = LOCAL) -> None:
        self._seeds = experiment.seeds
        threads = {"OMP_NUM_THREADS": str(experiment.planner.threads)}  # read when a worker imports torch
        before = {name: os.environ.get(name) for name in threads}
        os.environ.update(threads)
        try:
            self._workers = pool_on(engine, workers, DirectRunner, (experiment,))
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    def episodes(
        self, solver: str | None = None, perturbation: Perturbation | None = None
    ) -> Iterator[EpisodeResult]:
        """Run every episode, with `solver` and `perturbation` instead of the experiment's if given.

        Raises:
            AmiError: as DirectRunner raises it.
            ProcessError: a worker died.
        """
        return self._workers.run(partial(_episode, solver, perturbation), self._seeds)

    def close(self) -> None:
        """End the workers."""
        self._workers.close()
