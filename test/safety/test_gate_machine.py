# SPDX-License-Identifier: Apache-2.0
"""Whatever happens, in whatever order: nothing unsafe leaves the gate. `make fuzz` runs the same for longer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gate_counts import COUNTS
from gate_machine import SEED, TICKS, search

# What the random timelines must have run into: a property over gates that only ever hold would prove nothing.
SEEN = {
    *("PROPOSAL_STALE", "PROPOSAL_BEFORE_HOLD", "JOINTS_STALE", "CAMERA_STALE", "PLANNER_SILENT"),
    *("VELOCITY_LIMIT", "POSITION_LIMIT", "WORKSPACE", "ESTOP"),
    *("JOINTS_CONTRADICT", "JOINTS_UNPROVEN"),
}
LONGEST = 25  # times as many ticks; ends with the last of them


@pytest.fixture(scope="module")
def ticks() -> int:
    with np.errstate(all="ignore"):
        return search(TICKS, SEED)


def test_nothing_unsafe_ever_leaves_the_gate(ticks):
    print(
        json.dumps(
            {
                "ticks": ticks,
                "seed": SEED,
                "levels": COUNTS.levels,
                "codes": COUNTS.codes,
                "moving": COUNTS.moving,
                "rearmed": COUNTS.rearmed,
                "restarts": COUNTS.restarts,
            }
        )
    )
    assert ticks >= TICKS


def test_the_random_timelines_went_everywhere(ticks):
    # What hypothesis draws depends on the constants in all code that is loaded: rare codes may need longer.
    with np.errstate(all="ignore"):
        ticks += search(LONGEST * TICKS, SEED + 1000, until=lambda: set(COUNTS.codes) >= SEEN)
    assert set(COUNTS.levels) == {"PASS", "LIMITED", "HOLD", "STOP"}
    assert sorted(SEEN - set(COUNTS.codes)) == []
    assert COUNTS.moving > ticks / 20
    assert COUNTS.rearmed > 0 and COUNTS.restarts > 0
