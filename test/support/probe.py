# SPDX-License-Identifier: Apache-2.0
"""A test's own ROS node: it listens, publishes, calls services, and waits, in real time or by simulated steps."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest
import rclpy
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from simulated_time import SimulatedTime
from std_srvs.srv import Trigger

if TYPE_CHECKING:
    from ami_ros.system.processes import NodeProcess

START_S = 30.0  # a child imports its libraries and is discovered, on a busy machine
LOOK_S = 0.02  # how often a wait looks around
ANSWER_S = 4.0  # then a call is made again: of the first one after discovery DDS may lose the answer


# Still running, told to end, killed by the test: a node that died by itself has another exit code.
ENDED_ON_PURPOSE = (None, 0, -signal.SIGTERM, -signal.SIGKILL)


class Task:
    """What a test does again and again, until it is cancelled.

    Attributes:
        period_ns: from one time to the next.
        due_ns: when it is due by simulated time; None: at the next step.
    """

    def __init__(self, period_s: float, run: Callable[[], object]) -> None:
        self.period_ns, self.due_ns = round(period_s * 1e9), None
        self._run, self._is_on = run, True

    def __call__(self) -> None:
        if self._is_on:
            self._run()

    def cancel(self) -> None:
        """Do it no more."""
        self._is_on = False

    def reset(self) -> None:
        """Do it again, from now on."""
        self._is_on, self.due_ns = True, None


class Probe:
    """A node of the test's own.

    Its time is the wall clock's, until the test holds the clock, see `hold_time`: then `until` and `spin` step
    simulated time, and no machine is too slow for them. A wait fails at once when one of the nodes died by itself.

    Args:
        nodes: that the test has started so far.
    """

    def __init__(self, nodes: Sequence[NodeProcess] = ()) -> None:
        self._nodes = nodes
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self.node = rclpy.create_node("probe", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.time: SimulatedTime | None = None
        self._tasks: list[Task] = []
        self._timers: list[Any] = []

    def listen(
        self, kind: Any, topic: str, qos: Any = 50, decode: Callable[[Any], Any] = lambda message: message
    ) -> list[Any]:
        """Return a list that fills with what `decode` makes of the topic's messages."""
        heard: list[Any] = []
        self.node.create_subscription(kind, topic, lambda message: heard.append(decode(message)), qos)
        return heard

    # Time

    def hold_time(self, time: SimulatedTime) -> None:
        """Let simulated time move only where this test waits, from now on."""
        self.time = time
        for timer in self._timers:
            self.node.destroy_timer(timer)
        self._timers.clear()

    def now_ns(self) -> int:
        """The time that messages of now are stamped with."""
        return time.time_ns() if self.time is None else self.time.now_ns

    def every(self, period_s: float, run: Callable[[], object]) -> Task:
        """Do something again and again, by the time that there is: simulated, else the wall clock's."""
        task = Task(period_s, run)
        self._tasks.append(task)
        if self.time is None:
            self._timers.append(self.node.create_timer(period_s, task))
        return task

    def run_tasks(self, now_ns: int) -> None:
        """Do what is due by simulated time."""
        for task in self._tasks:
            # Where time has jumped back, what was due later than a period from now is due now.
            if task.due_ns is None or not now_ns < task.due_ns <= now_ns + task.period_ns:
                task.due_ns = now_ns + task.period_ns
                task()

    def until(self, condition: Callable[[], Any], what: str, timeout_s: float = START_S) -> Any:
        """Let time pass until `condition` returns something true, and return that; `timeout_s` in that time.

        What needs no tick of a gate, such as discovery, is not to be measured in simulated time: see `wait`.
        """
        if self.time is None:
            return self.wait(condition, what, timeout_s)
        deadline_ns = self.time.now_ns + round(timeout_s * 1e9)
        while not (value := condition()):
            if self.time.now_ns >= deadline_ns:
                pytest.fail(f"not within {timeout_s} simulated s: {what}")
            self.time.step()
        return value

    def spin(self, duration_s: float) -> None:
        """Let time pass."""
        if self.time is None:
            self.idle(duration_s)
        else:
            self.time.steps(duration_s)

    def wait(
        self, condition: Callable[[], Any], what: str, timeout_s: float | None = None, ticking: bool = False
    ) -> Any:
        """Spin until `condition` returns something true, and return that; simulated time stands still.

        Args:
            condition: what is waited for.
            what: its name.
            timeout_s: of the wall clock: against a hang.
            ticking: for what a gate notices by itself, and says at its next tick: simulated time goes on, but
                not faster than this looks around.
        """
        limit_s = timeout_s or (START_S if self.time is None else self.time.guard_s)
        deadline = time.monotonic() + limit_s
        while not (value := condition()):
            self._check_nodes(what)
            if time.monotonic() > deadline:
                pytest.fail(f"not within {limit_s} s: {what}")
            if self.time is not None:
                self.time.check()
                if ticking:
                    self.time.step()
            self.spin_once()
        return value

    def _check_nodes(self, what: str) -> None:
        for node in self._nodes:
            if node.exit_code not in ENDED_ON_PURPOSE:
                pytest.fail(
                    f"{node.name} died with exit code {node.exit_code} before {what}:\n{node.log_tail()}"
                )

    def idle(self, duration_s: float) -> None:
        """Let time of the wall clock pass; simulated time stands still."""
        deadline = time.monotonic() + duration_s
        while time.monotonic() < deadline:
            self.spin_once()

    def spin_once(self, timeout_s: float = LOOK_S) -> None:
        """Handle a message, if one comes."""
        self._executor.spin_once(timeout_sec=timeout_s)

    # Services

    def call(self, kind: Any, name: str, **request: Any) -> Any:
        """Call a service and return its answer; simulated time stands still."""
        client = self.node.create_client(kind, name)
        self.wait(client.service_is_ready, f"service {name}")
        for _ in range(5):
            future, deadline = client.call_async(kind.Request(**request)), time.monotonic() + ANSWER_S
            while not future.done() and time.monotonic() < deadline:
                self.spin_once()
            if future.done():
                return future.result()
        pytest.fail(f"no answer from {name}")

    def set_parameter(self, node: str, name: str, value: Any) -> Any:
        """Set a parameter of a node and return what it says to that."""
        request = [Parameter(name, value=value).to_parameter_msg()]
        return self.call(SetParameters, f"{node}/set_parameters", parameters=request).results[0]

    def rearm(self) -> None:
        """Re-arm the gate, again while it refuses: a release may be under way, and the robot not yet at rest."""
        self.wait(lambda: self.call(Trigger, "safety/rearm").success, "the re-arm", ticking=True)

    # The graph

    def publisher(self, kind: Any, topic: str, qos: Any = 10, listeners: int = 1) -> Any:
        """Return a publisher that has been discovered by those who listen."""
        publisher = self.node.create_publisher(kind, topic, qos)
        self.wait(lambda: publisher.get_subscription_count() >= listeners, f"who listens to {topic}")
        return publisher

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
