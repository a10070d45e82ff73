# SPDX-License-Identifier: Apache-2.0
"""Whatever happens, in whatever order: nothing unsafe leaves the gate. `make fuzz` runs the same for longer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gate_machine import TICKS
from gate_search import searched

# What the random timelines must have run into: a property over gates that only ever hold would prove nothing.
SEEN = {
    *("PROPOSAL_STALE", "PROPOSAL_BEFORE_HOLD", "JOINTS_STALE", "CAMERA_STALE", "PLANNER_SILENT"),
    *("VELOCITY_LIMIT", "POSITION_LIMIT", "WORKSPACE", "ESTOP"),
    *("JOINTS_CONTRADICT", "JOINTS_UNPROVEN"),
    *("GRIP_LOST", "GRIPPER_STUCK"),
}

pytestmark = pytest.mark.slow  # test_supervisor_properties.py has random timelines in each run


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return searched(SEEN)


def test_nothing_unsafe_ever_leaves_the_gate(found):
    print(json.dumps(found))
    assert found["ticks"] >= TICKS


def test_the_random_timelines_went_everywhere(found):
    assert set(found["levels"]) == {"PASS", "LIMITED", "HOLD", "STOP"}
    assert sorted(SEEN - set(found["codes"])) == []
    assert found["moving"] > (found["ticks"] + found["more"]) / 20
    assert found["rearmed"] > 0 and found["restarts"] > 0
