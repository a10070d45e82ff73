# SPDX-License-Identifier: Apache-2.0
"""Settings of data collection: config/collect.yaml, as the task changes it."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.system.engines import ENGINES


@dataclass(frozen=True)
class CollectSettings:
    """What is recorded, and how the robot moves."""

    episodes: int = setting("episodes to record", ge=1, le=1_000_000)
    episode_steps: int = setting("control steps per episode", ge=2, le=10_000)
    seed: int = setting("seed of the data set", ge=0)
    correlation: float = setting("step-to-step correlation of the random motion", ge=0.0, lt=1.0)
    amplitude: tuple[float, ...] = setting(
        "range of the motion's std, share of max_tip_speed", ge=0.0, le=3.0
    )
    varied: bool = setting("whether light, surfaces and cameras vary")
    workers: int = setting("processes", ge=1, le=256)
    engine: str = setting("what the processes run on", choices=ENGINES)
    event_pairs: int = setting("pairs of clips per kind of event; 0 records none", ge=0, le=10_000)
    event_steps: int = setting("control steps per clip", ge=14, le=1000)
    oddities: int = setting(
        "moments photographed beyond the training range; 0 records none", ge=0, le=100_000
    )
    double_exposures: int = setting(
        "varied looks of each photographed scene, besides the plain one; 0 records none",
        ge=0,
        le=100_000,
    )

    def __post_init__(self) -> None:
        if len(self.amplitude) != 2 or self.amplitude[0] > self.amplitude[1]:
            raise ConfigError(f"amplitude: got {list(self.amplitude)}, expected [smallest, largest]")
