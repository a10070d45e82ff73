# SPDX-License-Identifier: Apache-2.0
"""Real DDS for tests: every test has a domain of its own, on this machine only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ami_ros
from ami_ros.system.domain import own_domain
from ami_ros.system.processes import NODE_PROGRAMS, NodeProcess, node_environment

pytest.importorskip("rclpy", reason="rclpy is not installed")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of this test's processes, which this process joins."""
    with own_domain() as domain:
        variables = node_environment(domain)
        source = str(Path(ami_ros.__file__).parents[1])
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, [source, variables.get("PYTHONPATH")]))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield variables


@pytest.fixture
def running() -> list[NodeProcess]:
    """The nodes that a test has started."""
    return []


@pytest.fixture
def start(
    environment: dict[str, str], tmp_path: Path, running: list[NodeProcess]
) -> Iterator[Callable[..., NodeProcess]]:
    """Start a node by its short name ("sim"), module or path; all are ended after the test."""

    def run(program: str | Path, remap: dict[str, str] | None = None, **parameters: Any) -> NodeProcess:
        name = NODE_PROGRAMS.get(program, program) if isinstance(program, str) else program
        log = tmp_path / f"{len(running)}_{Path(program).stem}.log"
        process = NodeProcess(name, log, environment, parameters, remap)
        running.append(process)
        return process

    yield run
    for process in reversed(running):
        process.terminate()
        print(f"--- end of {process.log_path}\n{process.log_tail()}")  # pytest shows it where a test fails


@pytest.fixture
def probe(environment: dict[str, str], running: list[NodeProcess]) -> Iterator[Any]:
    """A node of the test's own, which waits for nothing once a node that the test has started has died."""
    from probe import Probe

    node = Probe(running)
    yield node
    node.close()


@pytest.fixture
def make_robot(probe: Any) -> Callable[[], Any]:
    from played_robot import PlayedRobot

    return lambda: PlayedRobot(probe)


@pytest.fixture
def robot(make_robot: Callable[[], Any]) -> Any:
    return make_robot()


@pytest.fixture
def straight_line() -> Path:
    """The planner node with a planner that needs no model."""
    return Path(__file__).with_name("straight_line_node.py")


@pytest.fixture
def start_gate(start: Callable[..., NodeProcess], probe: Any) -> Iterator[Callable[..., Any]]:
    """Start a gate behind a planner, and before a robot, that the test plays; a failure shows what it said.

    The test holds the clock: simulated time moves only where it waits for what takes time. `live`: the gate and
    the test live by the wall clock instead.
    """
    from gate_probe import Gate

    from ami_ros.ros.gate.reports import text_of

    gates: list[Gate] = []

    def begin(robot: Any, live: bool = False, **parameters: Any) -> Gate:
        gate = Gate(probe, robot)
        gates.append(gate)
        gate.process = start("safety", use_sim_time=not live, **parameters)
        if not live:
            gate.hold_time()
        gate.follow()
        return gate

    yield begin
    for gate in gates:
        gate.end()
        for judgement in gate.judgements[-10:]:
            print(judgement.stamp_ns, text_of(judgement.verdict))


@pytest.fixture
def gate(start_gate: Callable[..., Any], robot: Any) -> Any:
    """A gate that has joints and camera, by a clock that the test holds: see `Probe.until` and `Probe.wait`."""
    gate = start_gate(robot)
    gate.rehearse()
    return gate


@pytest.fixture
def live_gate(start_gate: Callable[..., Any], probe: Any, robot: Any) -> Any:
    """A gate that has joints and camera, by the wall clock."""
    gate = start_gate(robot, live=True)
    probe.wait(gate.is_ready, "a gate that has joints and camera")
    return gate
