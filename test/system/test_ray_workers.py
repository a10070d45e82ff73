# SPDX-License-Identifier: Apache-2.0
"""The same jobs on Ray: the same results, in the same order, and the same errors."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import worker_jobs as jobs

from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import list_episodes, read_episode
from ami_ros.errors import ConfigError, EmbodimentError, ProcessError
from ami_ros.sim.collect.episodes import collect
from ami_ros.system.engines import RAY, pool_on

COUNT, FACTOR = 2, 7


def test_an_unknown_engine_is_refused():
    with pytest.raises(ConfigError, match="got 'slurm', expected one of local, ray"):
        pool_on("slurm", COUNT, jobs.Desk, (FACTOR,))


class TestOnRay:
    @pytest.fixture(autouse=True)
    def ray(self):
        return pytest.importorskip("ray", reason="needs the extra 'ray'")

    @pytest.fixture
    def workers(self, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", str(Path(jobs.__file__).parent))
        with pool_on(RAY, COUNT, jobs.Desk, (FACTOR,)) as started:
            yield started

    def test_results_come_in_the_order_of_the_jobs_and_errors_as_they_were_raised(self, workers, ray):
        results = list(workers.run(jobs.multiply, range(6)))
        assert [result for result, _ in results] == [FACTOR * job for job in range(6)]
        pids = {pid for _, pid in results}
        assert len(pids) == COUNT and os.getpid() not in pids
        with pytest.raises(EmbodimentError, match="job 0 is refused"):
            list(workers.run(jobs.refuse, [0]))
        assert not ray.is_initialized(), "left early, it ends the workers"

    def test_a_killed_worker_ends_the_work(self, workers):
        with pytest.raises(ProcessError, match="a worker on Ray ended"):
            list(workers.run(jobs.die, range(4)))

    def test_episodes_are_those_of_local_workers(self, tmp_path):
        pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
        made = {}
        for engine in ("local", RAY):
            few = {"episodes": 3, "episode_steps": 4, "workers": COUNT, "engine": engine}
            list(collect(Configuration.load("panda", "reach", {"collect": few}), tmp_path / engine))
            made[engine] = [read_episode(path) for path in list_episodes(tmp_path / engine)]
        for local, there in zip(made["local"], made[RAY], strict=True):
            np.testing.assert_array_equal(local.images["camera"], there.images["camera"])
            np.testing.assert_array_equal(local.actions, there.actions)

    def test_a_cluster_that_is_not_there_is_refused(self, monkeypatch):
        monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
        with pytest.raises(ConfigError, match="RAY_ADDRESS: got 127.0.0.1:1"):
            pool_on(RAY, COUNT, jobs.Desk, (FACTOR,))
