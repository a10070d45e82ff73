# SPDX-License-Identifier: Apache-2.0
"""No insulin while glucose is low or soon will be, whatever a plan wants; and an oracle that would notice."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.body.robot_spec import load_robot
from ami_ros.safety.events import VectorSeen
from ami_ros.safety.situation import Situation
from benchmarks.patients.command import ROBOT
from benchmarks.patients.gated import AHEAD_MIN, LowWatch
from benchmarks.patients.gated import GatedPump as Pump
from benchmarks.patients.suspend import Settings, Suspend

SPEC = load_robot(str(ROBOT))
# What neither the check nor the oracle looks at; the glucose to come is within its envelope.
OTHERS = [140.0 if sensor.name == "eventual" else 0.0 for sensor in SPEC.vectors[1:-1]]
WANTED = 55.0  # mg/dl of glucose, in each control step


def delivered(pump: Pump, glucose: list[float]) -> list[float]:
    """Return what a pump delivers, mg/dl, under a planner that always wants the same."""
    pump.begin()
    found, insulin = [], 0.0
    for value in glucose:
        observation = pump.sense(np.array([value, *OTHERS]), np.array([insulin]))
        insulin = float(pump.inputs(np.full((3, 2, 1), WANTED), observation)[0])
        found.append(insulin)
    return found


def test_insulin_stops_below_80_and_returns_above():
    given = delivered(pump := Pump(SPEC), [140.0, 140.0, 79.0, 60.0, 45.0, 90.0, 110.0, 130.0])
    assert given[:2] == pytest.approx([WANTED, WANTED])
    assert given[2:5] == [0.0, 0.0, 0.0]
    assert given[-1] == pytest.approx(WANTED)
    assert pump.insulin_while_low == pump.unsafe == 0


def test_insulin_stops_while_the_trend_leads_below_80_within_half_an_hour():
    falling = [180.0 - 12.0 * step for step in range(8)]  # 2 mg/dl/min
    given = delivered(pump := Pump(SPEC), falling)
    assert given[0] > 0.0
    assert given[-1] == 0.0
    assert falling[-1] > 80.0
    assert pump.insulin_while_low == 0


@pytest.mark.parametrize("seed", range(20))
def test_no_command_gives_insulin_while_low_however_glucose_wanders(seed):
    steps = np.random.default_rng(seed).normal(0.0, 15.0, 60)
    pump = Pump(SPEC)
    given = delivered(pump, list(np.clip(110.0 + np.cumsum(steps), 39.0, 400.0)))
    assert pump.insulin_while_low == pump.unsafe == 0
    assert max(given) > 0.0, "a gate that never gives insulin keeps this promise, too"


def test_the_oracle_counts_the_commands_of_a_gate_without_the_check(monkeypatch):
    monkeypatch.setattr(Suspend, "retreat", property(lambda check: 0.0))
    pump = Pump(SPEC)
    delivered(pump, [180.0 - 12.0 * step for step in range(8)])
    assert pump.insulin_while_low > 0


def test_the_check_and_the_oracle_extend_the_same_trend():
    settings = Settings("glucose", 80.0, ahead_s=5.0, smoothed_s=2.5)
    check, watch = Suspend(settings), LowWatch()
    values = 120.0 + np.cumsum(np.random.default_rng(3).normal(0.0, 8.0, 300))
    for at, value in enumerate(values):
        stamp_ns = (at + 1) * 1_000_000_000
        check.see(VectorSeen("glucose", None, stamp_ns, stamp_ns, np.array([value])), Situation(stamp_ns))
        watch.see(value)
        assert (check.retreat == 1.0) == watch.low
    assert AHEAD_MIN == 30.0


def test_a_reading_that_is_no_number_gives_no_insulin():
    check = Suspend(Settings("glucose", 80.0, ahead_s=5.0, smoothed_s=2.5))
    assert check.retreat == 1.0
    for stamp_ns, value, expected in ((1, 120.0, 0.0), (2, np.nan, 1.0), (3, 120.0, 0.0)):
        event = VectorSeen("glucose", None, stamp_ns, stamp_ns, np.array([value]))
        check.see(event, Situation(stamp_ns))
        assert check.retreat == expected
