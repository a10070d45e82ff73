# SPDX-License-Identifier: Apache-2.0
"""One stream of images from process to process, measured."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from ami_ros.errors import ConfigError, ProcessError
from ami_ros.processes import NodeProcess, free_domain_id, node_environment

START_S = 30.0  # for both processes to start and find each other
PROGRAM = "ami_ros.ros.camera_bench"


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height of ``640x480``.

    Raises:
        ConfigError: it is written otherwise, or a side is zero.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None or "0" in (sides := (match[1].lstrip("0") or "0", match[2].lstrip("0") or "0")):
        raise ConfigError(f"image size: got {text!r}, expected WIDTHxHEIGHT in pixels, e.g. 640x480")
    return int(sides[0]), int(sides[1])


def measure(width: int, height: int, rate_hz: float, duration_s: float) -> dict[str, Any]:
    """Send images between two processes and return ``sent received loss latency_ms_p50 latency_ms_p99``.

    Raises:
        ProcessError: a process ended early or did not end in time.
    """
    environment = node_environment(free_domain_id())
    stream = {"width": width, "height": height, "rate_hz": float(rate_hz), "duration_s": float(duration_s)}
    with tempfile.TemporaryDirectory(prefix="ami_ros_bench_") as name:
        folder = Path(name)

        def start(role: str) -> NodeProcess:
            parameters = {"role": role, "output": str(folder / f"{role}.json"), **stream}
            return NodeProcess(PROGRAM, folder / f"{role}.log", environment, parameters)

        with start("receive") as receiver, start("send") as sender:
            _wait(sender, duration_s + START_S)
            receiver.check()
            receiver.terminate()
        sent, received = (_read(folder / f"{role}.json", role) for role in ("send", "receive"))
    loss = 1.0 - received["received"] / sent["sent"] if sent["sent"] else 0.0
    return {**sent, "received": received["received"], "loss": loss, **_latencies(received)}


def _wait(process: NodeProcess, timeout_s: float) -> None:
    code = process.wait(timeout_s)
    if code != 0:
        raise ProcessError(f"{process.name} ended with exit code {code}:\n{process.log_tail()}")


def _read(path: Path, role: str) -> dict[str, Any]:
    if not path.is_file():
        raise ProcessError(f"camera bench: the process that shall {role} wrote no figures")
    return dict(json.loads(path.read_text()))


def _latencies(received: dict[str, Any]) -> dict[str, float | None]:
    return {name: received[name] for name in ("latency_ms_p50", "latency_ms_p99")}
