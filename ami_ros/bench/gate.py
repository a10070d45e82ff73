# SPDX-License-Identifier: Apache-2.0
"""How regularly the gate ticks, in front of the simulator, while the planner runs at full load."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ami_ros.configuration import Configuration
from ami_ros.errors import ConfigError, ProcessError
from ami_ros.system.domain import own_domain
from ami_ros.system.processes import NODE_PROGRAMS, NodeProcess, node_environment

PROGRAM = "ami_ros.ros.benches.gate"
START_TIMEOUT_S = 150.0  # simulator, planner and model on a busy machine
MAX_S = 86_400
CORES = 2
# The planner's: more candidates than it can judge before its deadline, nearly its whole period.
FULL_LOAD = {"num_samples": 1024, "num_iterations": 100, "deadline_s": 0.095}


def bench_gate(
    configuration: Configuration,
    model: Path,
    seconds: float,
    realtime: bool = True,
    log_dir: Path | None = None,
) -> dict[str, Any]:
    """Run simulator, gate and planner in real time on the same cores, and collect the gate's figures.

    Args:
        configuration: names robot and task.
        model: the planner's model.pt.
        seconds: how long to measure.
        realtime: let the gate request its real-time priority; else it runs at the planner's priority.
        log_dir: keeps the processes' logs; a temporary directory by default.

    Returns:
        ``tick_ms_p50 tick_ms_p99 jitter_ms_p99 interval_ms_max cpu_share rate_hz missed_ticks seconds``,
        ``cores realtime`` and ``planner``, the planner's own figures. Jitter is the deviation of the interval
        between two tick starts from the period, cpu_share the gate's share of one core.

    Raises:
        ConfigError: not a positive time, or more than a day.
        ProcessError: a process died or did not find the others.
    """
    if not 0.0 < seconds <= MAX_S:
        raise ConfigError(f"seconds: got {seconds}, expected a positive number up to {MAX_S}")
    with tempfile.TemporaryDirectory() as temporary, _on_cores() as cores:
        figures = _measure(
            configuration.node_parameters, model, seconds, realtime, log_dir or Path(temporary), len(cores)
        )
    return figures | {"cores": len(cores), "realtime": realtime}


@contextmanager
def _on_cores() -> Iterator[list[int]]:
    """Keep this process and its children on the first two cores that it may use."""
    if not hasattr(os, "sched_setaffinity"):
        yield list(range(os.cpu_count() or 1))
        return
    before = os.sched_getaffinity(0)
    cores = sorted(before)[:CORES]
    os.sched_setaffinity(0, cores)
    try:
        yield cores
    finally:
        os.sched_setaffinity(0, before)


def _measure(
    common: dict[str, Any], model: Path, seconds: float, realtime: bool, folder: Path, threads: int
) -> dict[str, Any]:
    output = folder / "gate_bench.json"
    own = {"watch_s": float(seconds)} | ({} if realtime else {"realtime_priority": 0})
    planner = {"model": str(model.resolve()), "autostart": True, "threads": threads, **FULL_LOAD}
    nodes: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
        "sim": (common, {}),
        "safety": (common | own, {}),
        "planner": (common | planner, {"planner/goal_image": "sim/goal_image"}),
    }
    with ExitStack() as running:
        environment = node_environment(running.enter_context(own_domain()))
        processes = {}
        for node, (parameters, remappings) in nodes.items():
            program, log = NODE_PROGRAMS[node], folder / f"{node}.log"
            process = NodeProcess(program, log, environment, parameters, remappings)
            processes[node] = running.enter_context(process)
        bench = running.enter_context(
            NodeProcess(
                PROGRAM,
                folder / "gate_bench.log",
                environment,
                {"output": str(output), "duration_s": float(seconds)},
            )
        )
        code = bench.wait(START_TIMEOUT_S + 2.0 * seconds)
        for process in processes.values():
            process.check()
        if code != 0:
            raise ProcessError(f"gate bench ended with {code}:\n{bench.log_tail()}")
    figures: dict[str, Any] = json.loads(output.read_text())
    return figures
