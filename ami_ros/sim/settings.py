# SPDX-License-Identifier: Apache-2.0
"""Settings of the simulated robot."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.settings.fields import setting
from ami_ros.sim.camera.variation import NAMES
from ami_ros.sim.faults.catalogue import check_fault


@dataclass(frozen=True)
class SimSettings:
    """The simulated robot: config/sim.yaml."""

    seed: int = setting("seed of the next episode's start and goal", ge=0, live=True)
    episode_steps: int = setting("pause after this many control steps; 0 never pauses", ge=0, live=True)
    map: str = setting("one of the task's maps; empty: the one in its file")
    perturb: str = setting(
        "kind of variation of the next episode, of config/variation.yaml", choices=("", *NAMES), live=True
    )
    perturb_scale: float = setting(
        "1: as in training; 2: beyond that, up to twice the range", ge=0.0, le=10.0, live=True
    )
    perturb_exactly: bool = setting("vary exactly to the scale, not up to it", live=True)
    fault: str = setting(
        "active faults: names of sim/faults/kinds.py, or name@sensor, joined by +; empty: nothing",
        live=True,
    )
    fault_seed: int = setting("seed of the fault's random choices", ge=0, live=True)
    lock_step: bool = setting("publish /clock and wait for the gate, as fast as possible")
    physics_hz: float = setting("simulation steps per second", ge=20.0, le=5000.0, unit="Hz")
    verdict_timeout_s: float = setting(
        "lock-step: wall time to wait for a verdict", gt=0.0, le=600.0, unit="s"
    )
    tick_timeout_s: float = setting("lock-step: wall time to wait for a command", gt=0.0, le=600.0, unit="s")
    observers: int = setting("lock-step: subscribers to wait for before the first step", ge=0, le=10)

    def __post_init__(self) -> None:
        """Raise ConfigError for an unknown fault."""
        check_fault(self.fault)
