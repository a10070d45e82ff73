# SPDX-License-Identifier: Apache-2.0
"""Start ROS nodes as child processes that end with us, in an environment where large images arrive.

Standard library only, so that the command line can start nodes without importing rclpy.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen, TimeoutExpired
from types import TracebackType
from typing import Any

from ami_ros.errors import ProcessError
from ami_ros.launching.environment import dds_environment, discovery_environment
from ami_ros.settings.share import config_path
from ami_ros.system.parent_watch import watched

LOG_TAIL_LINES = 25
# Node name -> the module that runs it.
NODE_PROGRAMS = {
    "planner": "ami_ros.ros.planner.node",
    "explorer": "ami_ros.ros.explorer.node",
    "safety": "ami_ros.ros.gate.node",
    "sim": "ami_ros.ros.simulator.node",
    "recorder": "ami_ros.ros.recorder.node",
}
# The ROS wheels set it after they have restarted the interpreter with their own LD_LIBRARY_PATH.
_WHEELS_MARK = "_ROS_WHEELS_BOOTSTRAP_COMPLETE"


def command_line(argv: list[str]) -> tuple[list[str], list[str]]:
    """Split a launch file's command line into our own arguments and those of ROS (from --ros-args on)."""
    arguments = argv[1:]
    cut = arguments.index("--ros-args") if "--ros-args" in arguments else len(arguments)
    return arguments[:cut], arguments[cut:]


def node_environment(
    domain_id: int, base: Mapping[str, str] | None = None, python: str = sys.executable
) -> dict[str, str]:
    """Return the environment of a node process: own domain, this machine only, large images arrive.

    Args:
        domain_id: ROS_DOMAIN_ID of all processes that communicate.
        base: environment to start from; the current one by default.
        python: the interpreter of the node. One of another virtual environment has other ROS libraries, so
            the mark and library path of ours are dropped.
    """
    environment = dict(os.environ if base is None else base)
    environment["ROS_DOMAIN_ID"] = str(domain_id)
    environment.update(discovery_environment("localhost", environment))
    environment["PYTHONUNBUFFERED"] = "1"
    environment.update(dds_environment(config_path("dds", "large_data_shm.xml"), environment))
    prefix = Path(python).parent.parent
    if prefix != Path(sys.executable).parent.parent:
        for variable in (_WHEELS_MARK, "LD_LIBRARY_PATH", "AMENT_PREFIX_PATH"):
            environment.pop(variable, None)
    # ROS from wheels: its ament index is in the environment itself, which is not sourced.
    known = environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    if (prefix / "share" / "ament_index").is_dir() and str(prefix) not in known:
        environment["AMENT_PREFIX_PATH"] = os.pathsep.join([str(prefix), *filter(None, known)])
    return environment


class NodeProcess:
    """One node as a child process with its own log file; a context manager that ends it.

    It also ends with this process, however this process ends.

    Args:
        program: module name (``ami_ros.ros.planner.node``) or path of a Python file; it calls `node_main`.
        log_path: file for the process' output.
        environment: as `node_environment` returns it.
        parameters: ROS parameters by name; bool, int, float, str or lists of them.
        remappings: name to name, also ``__node`` and ``__ns``.
        python: the interpreter.
    """

    def __init__(
        self,
        program: str | Path,
        log_path: Path,
        environment: Mapping[str, str],
        parameters: Mapping[str, Any] | None = None,
        remappings: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        is_file = str(program).endswith(".py")
        self.name = Path(program).stem if is_file else str(program).removeprefix("ami_ros.ros.")
        self.log_path = log_path
        launcher = [str(program)] if is_file else ["-m", str(program)]
        command = [python, *launcher, "--ros-args"]
        for name, value in (parameters or {}).items():
            command += ["-p", f"{name}:={json.dumps(value)}"]
        for name, other in (remappings or {}).items():
            command += ["-r", f"{name}:={other}"]
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("wb") as log:
            # Its own session: Ctrl-C in a terminal reaches us, and we end the nodes in order.
            self._process = Popen(
                command,
                env=watched(environment),
                stdin=PIPE,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code (negative: the signal that ended it), None while it runs."""
        return self._process.poll()

    def log_tail(self, lines: int = LOG_TAIL_LINES) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def check(self) -> None:
        """Check that the process runs.

        Raises:
            ProcessError: it ended; reports its exit code and the end of its log.
        """
        if self.exit_code is not None:
            raise ProcessError(
                f"{self.name} ended with exit code {self.exit_code}, expected it to keep running. End of "
                f"{self.log_path}:\n{self.log_tail()}"
            )

    def wait(self, timeout_s: float) -> int:
        """Wait for the process to end by itself and return its exit code.

        Raises:
            ProcessError: it still runs after `timeout_s`.
        """
        try:
            return self._reap(timeout_s)
        except TimeoutExpired as error:
            raise ProcessError(
                f"{self.name} is still running after {timeout_s} s:\n{self.log_tail()}"
            ) from error

    def terminate(self, timeout_s: float = 5.0) -> int:
        """End the process: SIGTERM, then SIGKILL after `timeout_s`. Returns the exit code; safe to repeat."""
        if self.exit_code is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._reap(timeout_s)
            except TimeoutExpired:
                self.kill()
        return self._reap()

    def kill(self) -> None:
        """End the process at once, without cleanup."""
        self._process.kill()
        self._reap()

    def _reap(self, timeout_s: float | None = None) -> int:
        code = self._process.wait(timeout_s)
        if self._process.stdin is not None:
            self._process.stdin.close()
        return code

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()
