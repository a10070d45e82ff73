# SPDX-License-Identifier: Apache-2.0
"""Measured values stay inside their bands, whatever is proposed; outside, set points go to their rest."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from bodies.yaml_bodies import process_body
from gate_timeline import SETTINGS, START_NS, STEP_NS, TICK_NS
from set_points import CHANNELS, HOME, TEMPERATURE, plant_body

from ami_ros.body.robot_spec import load_robot
from ami_ros.body.sensors import Band
from ami_ros.errors import AmiError
from ami_ros.safety.check import CheckContext
from ami_ros.safety.checks.envelope import Envelope, Settings, build
from ami_ros.safety.events import VectorSeen
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.situation import Situation
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Level, Trajectory

BAND = Band("boiler", 15.0, 70.0, turn_s=4.0, rate=math.inf)
COLUMN, PATIENCE = 1, 2.0
WATCHED = replace(TEMPERATURE, freeze_s=None, max_age_s=1000.0, envelope=((COLUMN, BAND),))
HOTTEST = (80.0, 1.0)
TAU_S = 3.0  # of the boiler, which follows its heater


class Boiler:
    """A gate and what it guards: a boiler whose temperature follows the heater, and a lag behind it."""

    def __init__(self, band: Band = BAND, gain: float = 1.3) -> None:
        sensor = replace(WATCHED, envelope=((COLUMN, band),))
        settings = replace(
            SETTINGS,
            checks={**SETTINGS.checks, "envelope": Settings(patience=PATIENCE)},
            proposal_age_s=1000.0,
        )
        self.gate = Supervisor(plant_body(sensors=(sensor,), safe=np.array(HOME)), settings)
        self.now_ns, self.gain, self.heater = START_NS, gain, HOME[0]
        self.lag = self.value = gain * HOME[0]
        self.levels: list[Level] = []
        self.values: list[float] = []
        self.set_points: list[np.ndarray] = []

    def run(self, seconds: float, want: tuple[float, ...] | None = None) -> None:
        for _ in range(round(seconds * 1e9 / TICK_NS)):
            self.gate.see_planner_alive(self.now_ns)
            self.gate.see_vector(
                TEMPERATURE.name, None, self.now_ns, self.now_ns, np.array([9.9, self.value])
            )
            if want is not None and len(self.levels) % 10 == 0:
                times = np.arange(5, dtype=np.int64) * STEP_NS
                self.gate.submit(Trajectory(CHANNELS, np.tile(want, (5, 1)), times, self.now_ns), self.now_ns)
            command, verdict = self.gate.tick(self.now_ns)
            if command is not None:
                self.heater = command.position[0]
                self.set_points.append(command.position)
            self.levels.append(verdict.level)
            self.reasons = [reason.code for reason in verdict.reasons]
            step = TICK_NS / 1e9 / TAU_S
            self.lag += step * (self.gain * self.heater - self.lag)
            self.value += 4.0 * step * (self.lag - self.value)
            self.values.append(self.value)
            self.now_ns += TICK_NS


def seen(check: Envelope, *values: float, every_s: float = 0.1) -> Envelope:
    for index, value in enumerate(values):
        stamp_ns = round(index * every_s * 1e9)
        event = VectorSeen("temperature", None, stamp_ns, stamp_ns, np.array([0.0, value]))
        check.see(event, Situation(stamp_ns))
    return check


def envelope(rests: bool = True, **changes: float) -> Envelope:
    way_s = (lambda commanded: 0.0) if rests else None
    return Envelope("temperature", COLUMN, replace(BAND, **changes), Settings(PATIENCE), way_s)


def test_a_proposal_of_full_heat_never_leaves_the_band():
    free, guarded = Boiler(replace(BAND, low=-1e9, high=1e9)), Boiler()
    free.run(60.0, HOTTEST)
    guarded.run(60.0, HOTTEST)
    assert max(free.values) > 100.0  # it would have
    assert 60.0 < max(guarded.values) < BAND.high
    assert Level.LIMITED in guarded.levels and Level.STOP not in guarded.levels
    assert "ENVELOPE" in guarded.reasons
    assert guarded.set_points[-1][0] < HOTTEST[0] - 10.0


def test_far_from_a_border_nothing_changes():
    free, guarded = Boiler(replace(BAND, low=-1e9, high=1e9)), Boiler()
    for boiler in (free, guarded):
        boiler.run(20.0, (35.0, 0.6))
    np.testing.assert_array_equal(free.set_points, guarded.set_points)


def test_outside_the_set_points_go_to_their_rest_and_a_stop_latches_after_the_patience():
    boiler = Boiler()
    boiler.run(10.0, (45.0, 0.8))
    boiler.gain = 4.0  # a fault of the plant: even at rest it is too hot
    boiler.run(PATIENCE * BAND.turn_s - 1.0, HOTTEST)
    assert "ENVELOPE_LEFT" in boiler.reasons and boiler.levels[-1] is Level.HOLD
    boiler.run(10.0, HOTTEST)
    assert boiler.levels[-1] is Level.STOP and "ENVELOPE_LOST" in boiler.reasons
    np.testing.assert_allclose(boiler.set_points[-1], HOME, atol=1e-3)
    boiler.gain = 1.3
    boiler.run(20.0, HOTTEST)
    assert boiler.levels[-1] is Level.STOP  # latched
    assert boiler.gate.rearm(boiler.now_ns).level is Level.PASS
    boiler.run(10.0, (40.0, 0.5))
    assert boiler.levels[-1] is Level.PASS
    assert boiler.set_points[-1][0] == pytest.approx(40.0, abs=0.5)


def test_a_hold_ends_by_itself_when_the_value_is_back():
    boiler = Boiler()
    boiler.run(8.0, (45.0, 0.8))
    boiler.gain = 3.2
    while boiler.levels[-1] is not Level.HOLD:
        boiler.run(0.1, (45.0, 0.8))
    boiler.gain = 1.3
    boiler.run(15.0, (40.0, 0.5))
    assert boiler.levels[-1] is Level.PASS


def test_the_room_shrinks_with_the_rate_and_the_distance():
    assert envelope().retreat == 0.0  # nothing seen yet
    assert seen(envelope(), 40.0, 40.0).retreat == 0.0
    assert seen(envelope(), *np.linspace(40.0, 41.0, 20)).retreat == 0.0
    slow, fast = (seen(envelope(), *np.linspace(60.0, 60.0 + up, 20)).retreat for up in (6.0, 9.0))
    assert 0.0 < slow < fast < 1.0
    assert seen(envelope(), *np.linspace(69.0, 60.0, 20)).retreat == 0.0  # it goes away from there
    assert seen(envelope(), 70.001).retreat == 1.0
    assert seen(envelope(), 14.9).retreat == 1.0
    assert seen(envelope(), *np.linspace(20.0, 15.5, 20)).retreat > 0.0
    assert seen(envelope(), math.nan).retreat == 1.0
    assert seen(envelope(), math.nan, 40.0).retreat == 0.0


def test_a_rate_has_a_border_too():
    rises = np.linspace(30.0, 39.5, 96)  # 1 per second
    assert seen(envelope(rate=2.0), *rises).retreat == 0.0
    assert 0.0 < seen(envelope(rate=1.1), *rises).retreat < 1.0
    left = seen(envelope(rate=0.9), *rises)
    assert left.retreat == 1.0 and left.judge(Situation(0)).level is Level.HOLD


def test_a_body_whose_channels_have_no_rest_slows_down():
    arm = seen(envelope(rests=False), *np.linspace(60.0, 69.0, 20))
    assert arm.retreat == 0.0 and 0.0 < arm.speed_share < 1.0
    arm = seen(envelope(rests=False), 71.0)
    assert arm.speed_share == 0.0 and arm.judge(Situation(0)).level is Level.HOLD


def test_stamps_that_repeat_or_go_back_change_no_rate():
    check = seen(envelope(), 40.0)
    for _ in range(5):
        check.see(VectorSeen("temperature", None, 0, 0, np.array([0.0, 60.0])), Situation(0))
    assert check.retreat == 0.0
    check.see(VectorSeen("pressure", None, 1, 1, np.array([0.0, 99.0])), Situation(0))
    assert check.retreat == 0.0


def test_it_is_built_from_the_yaml_of_a_robot(tmp_path):
    def banded(values):
        values["sensors"]["temperatures"]["envelope"] = {
            "outlet": {"band": [5, 90.0], "turn_s": 8.0, "rate": 2}
        }

        values["stands_still"] = "rest"

    spec = load_robot(process_body(tmp_path, banded))
    (band,) = spec.sensors["temperatures"].envelope
    assert band == Band("outlet", 5.0, 90.0, 8.0, 2.0)
    body = GateBody.of_robot(spec)
    np.testing.assert_array_equal(body.safe, [20.0, 50.0])
    (check,) = build(CheckContext(body, SETTINGS, True, None), Settings(PATIENCE))
    event = VectorSeen("temperatures", None, 0, 0, np.array([200.0, 91.0]))
    check.see(event, Situation(0))
    verdict = check.judge(Situation(0))
    assert check.retreat == 1.0
    assert verdict.level is Level.HOLD and verdict.reasons[0].numbers["value"] == "outlet"


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ({"boil": {"band": [1.0, 2.0], "turn_s": 1.0}}, "expected some of its values"),
        ({"outlet": {"band": [2.0, 1.0], "turn_s": 1.0}}, r"expected \[lowest, highest\]"),
        ({"outlet": {"band": [1.0], "turn_s": 1.0}}, r"expected \[lowest, highest\]"),
        ({"outlet": {"band": [math.nan, 1.0], "turn_s": 1.0}}, "band"),
        ({"outlet": {"band": [1.0, 2.0]}}, "missing keys"),
        ({"outlet": {"band": [1.0, 2.0], "turn_s": 0.0}}, "turn_s"),
        ({"outlet": [1.0, 2.0]}, "outlet"),
        ([1.0], "expected a band"),
    ],
)
def test_a_band_that_makes_no_sense_is_refused(tmp_path, section, why):
    def banded(values):
        values["sensors"]["temperatures"]["envelope"] = section

    with pytest.raises(AmiError, match=why):
        load_robot(process_body(tmp_path, banded))
