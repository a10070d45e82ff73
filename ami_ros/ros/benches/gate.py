# SPDX-License-Identifier: Apache-2.0
"""Receives the gate's own figures for `ami-ros bench gate`, in a separate process."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from ami_ros.errors import ProcessError
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.verdicts import values_of

GATE, PLANNER = "safety: gate", "planner: loop"
START_TIMEOUT_S = 120.0  # the planner loads torch and its model
REPORTS_S = 30.0  # both report once a second, the planner less often on a busy machine
PER_PERIOD = ("ticks", "missed_ticks", "cpu_s", "steady_s")
PER_WINDOW = ("tick_ms_p50", "tick_ms_p99", "jitter_ms_p99", "interval_ms_max")


class GateBench(Node):
    """Parameters: output (JSON file), duration_s. Waits until the planner plans, then measures."""

    def __init__(self) -> None:
        super().__init__("gate_bench", automatically_declare_parameters_from_overrides=True)
        self._output = Path(str(self.get_parameter("output").value))
        self._duration_s = float(self.get_parameter("duration_s").value)
        self._newest: dict[str, dict[str, str]] = {}
        self._counts = {GATE: 0, PLANNER: 0}
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, STATE)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        name = message.status[0].name if message.status else ""
        if name in self._counts:
            self._newest[name] = values_of(message)
            self._counts[name] += 1

    def measure(self, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
        """Measure, and write the figures."""

        def wait(done: Callable[[], bool], timeout_s: float, what: str) -> None:
            deadline = time.monotonic() + timeout_s
            while not done() and not stopped():
                if time.monotonic() > deadline:
                    raise ProcessError(f"no {what} within {timeout_s} s")
                executor.spin_once(timeout_sec=0.1)

        def reports(timeout_s: float) -> None:
            before = dict(self._counts)
            wait(lambda: all(self._counts[n] > before[n] for n in before), timeout_s, "gate and planner")

        wait(self._plans, START_TIMEOUT_S, "plan")
        reports(REPORTS_S)
        first, start = self._newest[GATE], time.monotonic()
        wait(lambda: time.monotonic() - start > self._duration_s, self._duration_s + 1.0, "time")
        reports(REPORTS_S)
        last, planner = self._newest[GATE], self._newest[PLANNER]
        passed = {name: float(last[name]) - float(first[name]) for name in PER_PERIOD}
        seconds = passed["steady_s"]
        figures: dict[str, object] = {name: float(last[name]) for name in PER_WINDOW}
        figures |= {"cpu_share": passed["cpu_s"] / seconds, "rate_hz": passed["ticks"] / seconds}
        figures |= {"missed_ticks": round(passed["missed_ticks"]), "seconds": seconds, "planner": planner}
        self._output.write_text(json.dumps(figures))

    def _plans(self) -> bool:
        return float(self._newest.get(PLANNER, {}).get("plan_ms_p50", 0.0)) > 0.0


def _loop(node: GateBench, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
    node.measure(executor, stopped)


def main() -> int:
    """Measure once."""
    return node_main("gate_bench", GateBench, loop=_loop)


if __name__ == "__main__":
    sys.exit(main())
