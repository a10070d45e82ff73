# SPDX-License-Identifier: Apache-2.0
"""Processes of Python programs that have imported everything when they begin.

A suite that starts hundreds of nodes and commands spends most of its processor time on importing torch, rclpy and
PyBullet again. Here one warm parent per test process imports them once, has one thread, never calls `rclpy.init`, and
forks a process for each program: with a process id, signals, exit code, environment, folder and streams of its own,
as `subprocess.Popen` would start it. Whoever measures imports or memory starts an interpreter of its own instead.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from child_environment import child_environment

PR_SET_CHILD_SUBREAPER = 36  # of prctl(2)
STREAMS = 3
LENGTH_BYTES = 4
OTHERS = (
    "torch",
    "torch._dynamo",
    "pybullet",
    "pinocchio",
    "coal",
    "matplotlib.pyplot",
    "av",
)  # that ours import late
READY = b"+"


class WarmPopen(subprocess.Popen):  # type: ignore[type-arg]
    """A `Popen` that forks the warm parent for `python -m module` and `python file` of this interpreter.

    Any other command starts as usual.
    """

    def _execute_child(self, args: Any, *rest: Any) -> None:
        executable, preexec, _, _, folder, environment, *_, shell = rest[:9]
        pipes, session = rest[9:15], rest[20]
        if executable or preexec or shell or not isinstance(args, list) or not _is_program(args):
            super()._execute_child(args, *rest)
            return
        read, write, error = pipes[0], pipes[3], pipes[5]
        streams = [own if given == -1 else given for given, own in ((read, 0), (write, 1), (error, 2))]
        request = {
            "program": [str(argument) for argument in args[1:]],
            "environment": dict(os.environ if environment is None else environment),
            "folder": str(folder or Path.cwd()),
            "session": bool(session),
        }
        self.pid = _parent().fork(request, streams)
        self._child_created = True
        self._close_pipe_fds(*pipes)


def run(command: list[Any], timeout: float = 300.0, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run a program of Python to its end, as `subprocess.run` does, and return what it printed.

    Raises:
        subprocess.TimeoutExpired: it still ran after `timeout`, s.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **settings}
    with WarmPopen(command, **streams) as process:
        try:
            said = process.communicate(timeout=timeout)
        finally:
            process.kill()
    return subprocess.CompletedProcess(command, process.returncode, *said)


def _is_program(args: list[Any]) -> bool:
    if str(args[0]) != sys.executable or len(args) < 2:
        return False
    return str(args[1]).endswith(".py") or (str(args[1]) == "-m" and len(args) > 2)


class _WarmParent:
    """The warm parent of this process; it ends with it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=child_environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        if self._socket.recv(len(READY)) != READY:
            raise RuntimeError(f"the warm parent ended with exit code {self._process.wait()}")
        atexit.register(self.close)

    def fork(self, request: dict[str, Any], streams: list[int]) -> int:
        """Return the id of a new process, a child of ours."""
        data = json.dumps(request).encode()
        # The process that forks it ends at once, and for that moment we adopt orphans: so it is our child.
        _adopt_orphans(True)
        try:
            head = len(data).to_bytes(LENGTH_BYTES, "little")
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
            self._socket.sendmsg([head], ancillary)
            self._socket.sendall(data)
            pid = int.from_bytes(_read(self._socket, LENGTH_BYTES), "little")
            _read(self._socket, len(READY))
        finally:
            _adopt_orphans(False)
        return pid

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


_parents: dict[int, _WarmParent] = {}


def _parent() -> _WarmParent:
    """Return this process' warm parent; a process forked from ours gets one of its own."""
    if os.getpid() not in _parents:
        _parents[os.getpid()] = _WarmParent()
    return _parents[os.getpid()]


def _adopt_orphans(adopt: bool) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError("the warm parent has ended")
        data += part
    return data


# In the warm parent


def _import_everything() -> None:
    import ami_ros
    from ami_ros.errors import AmiError

    sys.modules["pyarrow"] = None  # type: ignore[assignment] - it starts threads: who needs it imports it
    ours = [
        module.name for module in pkgutil.walk_packages(ami_ros.__path__, "ami_ros.", onerror=lambda _: None)
    ]
    for name in (*OTHERS, *ours):
        with contextlib.suppress(ImportError, AmiError):  # of extras that are not installed
            importlib.import_module(name)
    del sys.modules["pyarrow"]


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def _serve(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each request, and return it in the new process; None in the parent, at the end."""
    while True:
        head, streams, _, _ = socket.recv_fds(connection, LENGTH_BYTES, STREAMS)
        if not head:
            return None
        request = json.loads(_read(connection, int.from_bytes(head, "little")))
        middle = os.fork()
        if not middle:
            pid = os.fork()
            if not pid:
                return request, streams
            connection.sendall(pid.to_bytes(LENGTH_BYTES, "little"))
            os._exit(0)
        os.waitpid(middle, 0)
        for stream in streams:
            os.close(stream)
        connection.sendall(READY)  # only now has the process found its new parent


def _become(request: dict[str, Any], streams: list[int]) -> list[str]:
    """Take on what a request asks for, and return the program with its arguments."""
    if request["session"]:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        if stream >= STREAMS:
            os.close(stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc] # noqa: SIM115
    sys.stdout = sys.__stdout__ = _output(1, unbuffered)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _output(2, unbuffered)  # type: ignore[misc]
    program: list[str] = request["program"]
    return program


def _output(number: int, unbuffered: bool) -> io.TextIOWrapper:
    errors = "backslashreplace" if number == 2 else None
    stream = open(number, "w", closefd=False, encoding="utf-8", errors=errors)  # noqa: SIM115
    stream.reconfigure(line_buffering=number == 2 or stream.isatty(), write_through=unbuffered)
    return stream


def _end(program: list[str]) -> NoReturn:
    """Run a program and end as the interpreter does, but for freeing each object, which takes longer than most runs."""
    code = 0
    try:
        _run(program)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
    threading._shutdown()  # type: ignore[attr-defined] - waits for threads that are no daemons
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _run(program: list[str]) -> None:
    """Run a program under the name that the interpreter gives it."""
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if program[0] == "-m":
        module, sys.argv = program[1], [program[1], *program[2:]]
        sys.path[:0] = [str(Path.cwd()), *paths]
        sys.modules.pop(module, None)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        sys.path[:0] = [str(Path(program[0]).parent), *paths]
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    import rclpy  # noqa: F401 - first: ROS 2 from wheels restarts the interpreter once

    with socket.socket(fileno=int(sys.argv[1])) as connection:
        # Tracing, which rclpy brings, has idle threads that hold no lock: a fork may lose those, and no others.
        idle = _threads()
        _import_everything()
        if _threads() != idle:
            raise RuntimeError(
                f"got {_threads()} threads after the imports, expected {idle}: a fork would lose them"
            )
        ctypes.CDLL(None).fflush(None)  # else each process would write again what is still buffered
        gc.collect()
        gc.freeze()
        connection.sendall(READY)
        asked = _serve(connection)
    if asked is not None:
        _end(_become(*asked))
