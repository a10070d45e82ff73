# SPDX-License-Identifier: Apache-2.0
"""Workers on Ray: the same jobs, the same results, on this machine or on a cluster."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ami_ros.errors import ConfigError, ProcessError
from ami_ros.system.extras import require
from ami_ros.system.workers import Job, Pool, Result, Served, opened

REACH_S = 5.0
ADDRESS = "RAY_ADDRESS"  # Ray's own variable: the cluster's head; without it, Ray runs on this machine alone


class RayWorkers(Pool):
    """`count` actors of one processor core each; arguments as of `Workers`.

    On a cluster, each machine needs this package, and a job writes to the machine that runs it: use a shared
    folder.

    Raises:
        ConfigError: Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(self, count: int, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        require("ray")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports
        import ray

        alone: dict[str, Any] = {"_node_ip_address": "127.0.0.1", "num_cpus": max(1, count)}
        cluster = os.environ.get(ADDRESS)
        if cluster is not None:
            _check_reachable(cluster)
        before = signal.getsignal(signal.SIGTERM)  # Ray takes it for itself
        try:
            ray.init(
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **(alone if cluster is None else {}),
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"Ray on {cluster or 'this machine'}: {error}; expected a running cluster"
            ) from error
        finally:
            signal.signal(signal.SIGTERM, before)
        self._ray = ray
        served = ray.remote(num_cpus=1)(Served)
        self._actors = [served.remote(make, arguments) for _ in range(count)]

    def run(self, work: Callable[[Any, Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """As `Workers.run`."""
        from ray.util import ActorPool

        def give(actor: Any, job: Job) -> Any:
            return actor.do.remote(work, job)

        yielded = 0
        try:
            for answer in ActorPool(self._actors).map(give, list(jobs)):
                yield opened(answer)
                yielded += 1
        except self._ray.exceptions.RayError as error:
            lines = str(error).strip().splitlines()
            reason = " ... ".join(dict.fromkeys([lines[0], lines[-1].strip()]))
            raise ProcessError(f"a worker on Ray ended: {reason}; expected it to keep running") from error
        finally:
            if yielded < len(jobs):
                self.close()

    def close(self) -> None:
        """End the actors, and leave Ray. Safe to call twice."""
        self._actors = []
        self._ray.shutdown()


def _check_reachable(cluster: str) -> None:
    """Raise ConfigError if no process listens there: Ray itself would retry for minutes."""
    host, _, port = cluster.removeprefix("ray://").rpartition(":")
    if not port.isdigit():  # "auto", and other values that Ray supports
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH_S).close()
    except OSError as error:
        raise ConfigError(f"{ADDRESS}: got {cluster}: {error}; expected the address of a cluster") from error
