# SPDX-License-Identifier: Apache-2.0
"""Real DDS for tests: every test has a domain of its own, on this machine only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ami_ros
from ami_ros.system.domain import own_domain
from ami_ros.system.processes import NODE_PROGRAMS, NodeProcess, node_environment

pytest.importorskip("rclpy", reason="rclpy is not installed")
START_S = 30.0  # a child imports its libraries and is discovered, on a busy machine


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
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., NodeProcess]]:
    """Start a node by its short name ("sim"), module or path; all are ended after the test."""
    running: list[NodeProcess] = []

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


class Probe:
    """A node of the test's own: listens, publishes, calls services, and waits."""

    def __init__(self) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self.node = rclpy.create_node("probe", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)

    def listen(
        self, kind: Any, topic: str, qos: Any = 50, decode: Callable[[Any], Any] = lambda message: message
    ) -> list[Any]:
        """Return a list that fills with what `decode` makes of the topic's messages."""
        heard: list[Any] = []
        self.node.create_subscription(kind, topic, lambda message: heard.append(decode(message)), qos)
        return heard

    def until(self, condition: Callable[[], Any], what: str, timeout_s: float = START_S) -> Any:
        """Spin until `condition` returns something true, and return that."""
        deadline = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"not within {timeout_s} s: {what}")
            self._executor.spin_once(timeout_sec=0.02)
        return value

    def spin(self, duration_s: float) -> None:
        """Let time pass."""
        deadline = time.monotonic() + duration_s
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)

    def call(self, kind: Any, name: str, **request: Any) -> Any:
        """Call a service and return its answer."""
        client = self.node.create_client(kind, name)
        self.until(client.service_is_ready, f"service {name}")
        for _ in range(5):  # of the first call after discovery DDS may lose the answer
            future, deadline = client.call_async(kind.Request(**request)), time.monotonic() + 4.0
            while not future.done() and time.monotonic() < deadline:
                self._executor.spin_once(timeout_sec=0.02)
            if future.done():
                return future.result()
        pytest.fail(f"no answer from {name}")

    def set_parameter(self, node: str, name: str, value: Any) -> Any:
        """Set a parameter of a node and return what it says to that."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        request = [Parameter(name, value=value).to_parameter_msg()]
        return self.call(SetParameters, f"{node}/set_parameters", parameters=request).results[0]

    def rearm(self) -> None:
        """Re-arm the gate, again while it refuses: on a busy machine joint states may be proven only later."""
        from std_srvs.srv import Trigger

        self.until(lambda: self.call(Trigger, "safety/rearm").success, "the re-arm")

    def present(self, name: str) -> int:
        """Count the nodes of that name, by a topic that each node publishes.

        A name alone stays in the graph for ever when the middleware hears of it after its node has gone.
        """
        publishers = self.node.get_publishers_info_by_topic("/parameter_events")
        return [publisher.node_name for publisher in publishers].count(name)

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self._context.try_shutdown()


@pytest.fixture
def probe(environment: dict[str, str]) -> Iterator[Probe]:
    node = Probe()
    yield node
    node.close()


class FakeRobot:
    """Camera and joints of a robot that is at `position`, published by the probe at 100 and 10 Hz.

    The picture is new wherever the robot is, as a real one's: else the camera would count as frozen.
    """

    def __init__(self, probe: Probe) -> None:
        import numpy as np
        from sensor_msgs.msg import Image, JointState

        from ami_ros.body.robot_spec import load_robot
        from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros

        self.spec = load_robot("panda")
        self.position = self.spec.home.copy()
        self.image_change: Callable[[Any], None] = lambda message: None
        self.sends_raw = True
        self.joints_change: Callable[[Any], None] = lambda message: None
        pixels = np.full((128, 128, 3), 80, dtype=np.uint8)
        still = np.zeros(len(self.spec.joint_names))
        images = probe.node.create_publisher(Image, "camera/image_raw", 5)
        joints = probe.node.create_publisher(JointState, "joint_states", 10)
        ticks = iter(range(10**9))

        def tick() -> None:
            message = joints_to_ros(self.spec.joint_names, self.position, still, time.time_ns())
            self.joints_change(message)
            joints.publish(message)
            if next(ticks) % 10 == 0:
                pixels[0, 0] = np.frombuffer(np.float64(self.position.sum()).tobytes(), dtype=np.uint8)[:3]
                image = image_to_ros(pixels, time.time_ns(), "camera")
                self.image_change(image)
                if self.sends_raw:
                    images.publish(image)

        probe.node.create_timer(0.01, tick)


@pytest.fixture
def make_robot(probe: Probe) -> Callable[[], FakeRobot]:
    return lambda: FakeRobot(probe)


@pytest.fixture
def robot(make_robot: Callable[[], FakeRobot]) -> FakeRobot:
    return make_robot()


@pytest.fixture
def straight_line() -> Path:
    """The planner node with a planner that needs no model."""
    return Path(__file__).with_name("straight_line_node.py")


@pytest.fixture
def gate(start: Callable[..., NodeProcess], probe: Probe, robot: FakeRobot) -> Iterator[Any]:
    """A gate that runs, behind a planner and before a robot that the test plays; a failure shows what it said."""
    from gate_probe import Gate

    from ami_ros.ros.gate.reports import text_of

    gate = Gate(probe, robot)
    gate.process = start("safety")
    gate.follow()
    # A planner that never reported and never proposed is silent as well, once the gate has waited for it.
    ready = ({"PROPOSAL_MISSING"}, {"PROPOSAL_MISSING", "PLANNER_SILENT"})
    probe.until(lambda: gate.codes() in ready, "a gate that has joints and camera")
    yield gate
    for judgement in gate.judgements[-10:]:
        print(judgement.stamp_ns, text_of(judgement.verdict))
