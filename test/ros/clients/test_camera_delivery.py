# SPDX-License-Identifier: Apache-2.0
"""Camera images survive the wire between two processes, in the environment that everything is started in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ami_ros.bench.camera import bench_camera
from ami_ros.errors import ConfigError


def test_vga_at_30_hz_arrives(environment: dict[str, str], tmp_path: Path):
    figures = bench_camera([(640, 480)], rate_hz=30.0, duration_s=20.0, log_dir=tmp_path)["640x480"]
    assert figures["sent"] == 600
    assert figures["received"] >= 0.99 * figures["sent"], figures
    assert figures["loss"] == pytest.approx(1 - figures["received"] / figures["sent"])
    assert 0.0 < figures["latency_ms_p50"] <= figures["latency_ms_p99"]


@pytest.mark.parametrize("sizes", [[], [(0, 480)]])
def test_nonsense_is_refused(sizes: list[tuple[int, int]]):
    with pytest.raises(ConfigError, match="expected positive"):
        bench_camera(sizes, 30.0, 1.0)
