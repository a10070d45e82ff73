# SPDX-License-Identifier: Apache-2.0
"""Settings of the solvers compared with ours: config/bench.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.settings.fields import load_settings, setting
from ami_ros.settings.share import config_path


@dataclass(frozen=True)
class BenchSettings:
    """Settings of the public solvers that ours lacks; their budget and spread are the planner's."""

    pytorch_mppi_lambda: float = setting("temperature of pytorch-mppi's weights", gt=0.0, le=1000.0)
    swm_mppi_temperature: float = setting(
        "temperature of stable-worldmodel's MPPI weights", gt=0.0, le=1000.0
    )


def load_bench_settings() -> BenchSettings:
    """Read config/bench.yaml. Raises ConfigError."""
    return load_settings(BenchSettings, config_path("bench.yaml"))
