# SPDX-License-Identifier: Apache-2.0
"""Episodes in several processes, without ROS; the same, in the same order, as in one."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from functools import partial

from ami_ros.cli.direct_episodes import DirectRunner
from ami_ros.cli.experiment import Experiment
from ami_ros.sim.closed_loop import EpisodeResult
from ami_ros.sim.perturbation import Perturbation

_runner: DirectRunner | None = None


def _start_worker(experiment: Experiment) -> None:
    global _runner
    _runner = DirectRunner(experiment)


def _episode(solver: str | None, perturbation: Perturbation | None, seed: int) -> EpisodeResult:
    if _runner is None:
        raise RuntimeError("worker not started")
    return _runner.episode(seed, solver, perturbation)


class SpreadRunner:
    """Does what DirectRunner does, in `workers` processes with a simulator and a model each."""

    def __init__(self, experiment: Experiment, workers: int) -> None:
        self._seeds = experiment.seeds
        # A model or task that cannot be loaded fails here, once: a pool starts failing workers for ever.
        DirectRunner(experiment).close()
        # Ctrl-C reaches every process of a terminal; the workers leave it to us, or each shows a traceback.
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        threads = {"OMP_NUM_THREADS": str(experiment.planner.threads)}  # read when a worker imports torch
        before = {name: os.environ.get(name) for name in threads}
        os.environ.update(threads)
        try:
            context = multiprocessing.get_context("spawn")
            self._pool = context.Pool(workers, _start_worker, (experiment,))
        finally:
            signal.signal(signal.SIGINT, interrupt)
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    def episodes(
        self, solver: str | None = None, perturbation: Perturbation | None = None
    ) -> Iterator[EpisodeResult]:
        """Run every episode, with `solver` and `perturbation` instead of the experiment's if given."""
        return self._pool.imap(partial(_episode, solver, perturbation), self._seeds)

    def close(self) -> None:
        """End the workers."""
        self._pool.terminate()
        self._pool.join()
