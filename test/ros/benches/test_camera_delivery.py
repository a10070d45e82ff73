# SPDX-License-Identifier: Apache-2.0
"""Camera images survive the wire between two processes, in the environment that everything is started in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ami_ros.bench.camera import bench_camera
from ami_ros.errors import ConfigError


@pytest.mark.alone
@pytest.mark.slow
def test_vga_arrives(environment: dict[str, str], tmp_path: Path):
    # Slowly: whether a busy machine takes thirty in a second is for `ami-ros bench camera` to say. Without our DDS
    # profile more than half of the images are lost at any rate, for want of a fragment.
    figures = bench_camera([(640, 480)], rate_hz=5.0, duration_s=8.0, log_dir=tmp_path)["640x480"]
    assert figures["sent"] == 40
    assert figures["received"] >= 36, figures
    assert figures["loss"] == pytest.approx(1 - figures["received"] / figures["sent"])
    assert 0.0 < figures["latency_ms_p50"] <= figures["latency_ms_p99"]


@pytest.mark.parametrize("sizes", [[], [(0, 480)]])
def test_nonsense_is_refused(sizes: list[tuple[int, int]]):
    with pytest.raises(ConfigError, match="expected positive"):
        bench_camera(sizes, 30.0, 1.0)
