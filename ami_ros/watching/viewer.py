# SPDX-License-Identifier: Apache-2.0
"""Rerun's viewer as a process: nobody outside this machine reaches it, and it sends no statistics."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from ami_ros.errors import ProcessError

HOST = "127.0.0.1"
VIEWER = (sys.executable, "-m", "rerun")
START_S = 30.0
LOOK_S = 0.1
MEMORY = "1GiB"  # of messages kept for a viewer; the oldest are forgotten


def start_viewer(web_port: int | None) -> tuple[subprocess.Popen[bytes], str]:
    """Start a viewer and return it with the address to send to.

    Args:
        web_port: serve it as a page on this port of this machine; None opens a window.

    Raises:
        ProcessError: it does not start.
    """
    port, environment = _free_port(), _silent()
    command = [*VIEWER, "--bind", HOST, "--port", str(port), "--server-memory-limit", MEMORY]
    served = ["--serve-web", "--web-viewer-port", str(web_port)]
    command += ["--hide-welcome-screen"] if web_port is None else served
    viewer = subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + START_S
    while not _answers(port):
        if viewer.poll() is not None or time.monotonic() > deadline:
            viewer.terminate()
            raise ProcessError(
                f"the viewer did not start (exit code {viewer.poll()}); without a screen, write a file with "
                "--save or serve a page with --serve"
            )
        time.sleep(LOOK_S)
    return viewer, f"rerun+http://{HOST}:{port}/proxy"


def page(address: str, web_port: int) -> str:
    """Return the address of the page of a viewer that is served on `web_port`."""
    return f"http://{HOST}:{web_port}/?url={quote(address, safe='')}"


def _silent() -> Mapping[str, str]:
    """Return an environment in which the viewer sends no statistics; the user's own choice stays as it is."""
    folder = Path(tempfile.gettempdir(), f"ami_ros_viewer_{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    silent = {**os.environ, "XDG_CONFIG_HOME": str(folder), "RUST_LOG": "error"}
    subprocess.run(
        [*VIEWER, "analytics", "disable"],
        env=silent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=START_S,
    )
    return silent


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=LOOK_S).close()
    except OSError:
        return False
    return True
