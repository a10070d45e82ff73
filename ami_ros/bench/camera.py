# SPDX-License-Identifier: Apache-2.0
"""How many camera images arrive, and how late: two real processes, real DDS, sensor-data QoS."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ami_ros.errors import ConfigError, ProcessError
from ami_ros.system.domain import own_domain
from ami_ros.system.processes import NodeProcess, node_environment

START_TIMEOUT_S = 30.0  # two interpreters and DDS discovery on a busy machine
PROGRAM = "ami_ros.ros.benches.camera"
MAX_RATE_HZ, MAX_DURATION_S = 10_000, 86_400


def bench_camera(
    sizes: Sequence[tuple[int, int]], rate_hz: float, duration_s: float, log_dir: Path | None = None
) -> dict[str, dict[str, Any]]:
    """Stream rgb8 images from one process to another, size by size.

    Args:
        sizes: (width, height) in pixels.
        rate_hz: images per second.
        duration_s: length of the stream per size.
        log_dir: keeps the processes' logs; a temporary directory by default.

    Returns:
        By ``"640x480"``: ``sent``, ``received``, ``loss`` (share of sent), ``latency_ms_p50`` and
        ``latency_ms_p99`` from before publish to the receiver's callback (None when nothing arrived).

    Raises:
        ConfigError: no size, or a size, rate or duration that is not positive or beyond any camera.
        ProcessError: a process died or did not find the other.
    """
    if (
        not sizes
        or min(min(size) for size in sizes) < 1
        or not (0 < rate_hz <= MAX_RATE_HZ and 0 < duration_s <= MAX_DURATION_S)
    ):
        raise ConfigError(
            f"got sizes {list(sizes)}, {rate_hz} Hz, {duration_s} s; expected positive numbers, at most "
            f"{MAX_RATE_HZ} Hz and {MAX_DURATION_S} s"
        )
    with tempfile.TemporaryDirectory() as temporary:
        folder, figures = log_dir or Path(temporary), {}
        for width, height in sizes:
            with own_domain() as domain:
                environment = node_environment(domain)
                figures[f"{width}x{height}"] = _stream(
                    width, height, rate_hz, duration_s, folder, environment
                )
        return figures


def _stream(
    width: int, height: int, rate_hz: float, duration_s: float, folder: Path, environment: Mapping[str, str]
) -> dict[str, Any]:
    size = f"{width}x{height}"
    results = {role: folder / f"{size}_{role}.json" for role in ("receive", "send")}

    def start(role: str, **parameters: Any) -> NodeProcess:
        log, output = folder / f"{size}_{role}.log", str(results[role])
        return NodeProcess(PROGRAM, log, environment, {"role": role, "output": output, **parameters})

    with (
        start("receive") as receiver,
        start(
            "send", width=width, height=height, rate_hz=float(rate_hz), duration_s=float(duration_s)
        ) as sender,
    ):
        code = sender.wait(START_TIMEOUT_S + 2.0 * duration_s)
        receiver.check()
        if code != 0:
            raise ProcessError(f"camera bench sender ended with {code}:\n{sender.log_tail()}")
    sent = json.loads(results["send"].read_text())["sent"]
    received = json.loads(results["receive"].read_text())
    return {"sent": sent, "received": received["received"], "loss": 1.0 - received["received"] / sent} | {
        f"latency_ms_{p}": received[f"latency_ms_{p}"] for p in ("p50", "p99")
    }
