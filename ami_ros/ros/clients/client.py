# SPDX-License-Identifier: Apache-2.0
"""One of our nodes that watches others from outside: it waits, calls services, and notices when one dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rclpy
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from ami_ros.errors import ProcessError

SPIN_S = 0.05
START_TIMEOUT_S = 90.0  # the planner loads torch and its model
ANSWER_TIMEOUT_S = 20.0
ASK_AGAIN_S = 4.0
HOLD_S = 3.0  # until a node reports that it holds, after a request


class Client:
    """Joins the ROS graph in a context of its own.

    Args:
        name: of the node.
        check: called while waiting; raises ProcessError when a node has died.
        ros_arguments: remappings and such, from ``--ros-args`` on.
        simulated_time: the node's clock is ``/clock``; waiting always uses wall time.
    """

    def __init__(
        self,
        name: str,
        check: Callable[[], None],
        ros_arguments: Sequence[str] = (),
        simulated_time: bool = False,
    ) -> None:
        self._check = check
        self._context = rclpy.Context()
        rclpy.init(args=list(ros_arguments), context=self._context)
        clock = [Parameter("use_sim_time", value=simulated_time)]
        self._node = rclpy.create_node(name, context=self._context, parameter_overrides=clock)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)

    def close(self) -> None:
        """Leave the ROS graph."""
        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def _call(self, client: Any, request: Any, name: str) -> Any:
        answer = self._answer(client, request, name)
        if getattr(answer, "success", True) is False:
            raise ProcessError(f"{name}: {answer.message}")
        return answer

    def _answer(self, client: Any, request: Any, name: str) -> Any:
        self._until(client.service_is_ready, START_TIMEOUT_S, lambda: f"no service {name}")
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while True:
            # DDS may lose the answer to the first call after discovery. Each call may be repeated: ask again.
            future, asked = client.call_async(request), time.monotonic()
            while not future.done() and time.monotonic() - asked < ASK_AGAIN_S:
                self._spin()
            if future.done():
                return future.result()
            if time.monotonic() > deadline:
                raise ProcessError(f"no answer from {name} (waited {ANSWER_TIMEOUT_S:.0f} s)")

    def _set_on(self, client: Any, node: str, values: Mapping[str, int | float | str | list[float]]) -> None:
        """Set parameters of a node. Raises ProcessError: the node refuses."""
        request = SetParameters.Request()
        request.parameters = [
            Parameter(name, value=value).to_parameter_msg() for name, value in values.items()
        ]
        for result in self._call(client, request, f"{node}/set_parameters").results:
            if not result.successful:
                raise ProcessError(f"{node} refuses {dict(values)}: {result.reason}")

    def _ask_to_hold(self, client: Any, request: Any, holds: Callable[[], bool]) -> None:
        """Call a service once, and wait until it `holds`, as long as the node still answers."""
        asked, deadline = False, time.monotonic() + HOLD_S
        while time.monotonic() < deadline:
            if not asked and client.service_is_ready():
                client.call_async(request)
                asked = True
            self._executor.spin_once(timeout_sec=SPIN_S)
            if asked and holds():
                return

    def _until(self, condition: Callable[[], bool], timeout_s: float, problem: Callable[[], str]) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise ProcessError(f"{problem()} (waited {timeout_s:.0f} s)")
            self._spin()

    def _spin(self) -> None:
        self._check()
        self._executor.spin_once(timeout_sec=SPIN_S)
