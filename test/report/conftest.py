# SPDX-License-Identifier: Apache-2.0
"""Episodes to report on: made up where only the figures count, simulated where pictures do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ami_ros.types import Level

STEPS, JOINTS, STEP_S = 11, 7, 0.1


@pytest.fixture
def made_up() -> Callable[..., object]:
    """Return a maker of results: `made_up(seed, final_error, ...)`, without a simulator."""
    closed_loop = pytest.importorskip(
        "ami_ros.sim.loop.closed_loop", reason="needs pybullet", exc_type=ImportError
    )

    def make(seed: int, final: float, arrived: int | None = None, plan_ms: float = 4.0, wall_s: float = 2.0):
        generator = np.random.default_rng(seed)
        return closed_loop.EpisodeResult(
            seed=seed,
            error=np.linspace(0.3, final, STEPS + 1),
            arrived_step=arrived,
            plan_ms=np.full(STEPS, plan_ms),
            moments={"joints": np.zeros((STEPS + 1, JOINTS)), "objects": np.zeros((STEPS + 1, 0, 7))},
            goal_image=generator.integers(0, 256, (32, 32, 3), dtype=np.uint8),
            final_image=generator.integers(0, 256, (32, 32, 3), dtype=np.uint8),
            levels={level.name: 0 for level in Level},
            wall_s=wall_s,
        )

    return make
