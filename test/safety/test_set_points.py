# SPDX-License-Identifier: Apache-2.0
"""A body with set points and no feedback: two channels, three vector sensors, no URDF. The same promises hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gate_timeline import SETTINGS
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from set_points import (
    CHANNELS,
    FLOW,
    HOME,
    LOWER,
    PRESSURE,
    TEMPERATURE,
    TICK_NS,
    UPPER,
    VELOCITY,
    SetPointTimeline,
    plant_body,
)

from ami_ros.body.limits import ChannelLimits
from ami_ros.errors import ConfigError, JointStateError
from ami_ros.safety.checks.freshness import Freshness
from ami_ros.safety.gate.gate import Gate
from ami_ros.safety.guarded_group import GuardedGroup
from ami_ros.safety.motion.braking_distance import BrakingDistance
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import PACE, GateNodeSettings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.types import PASS, Level, Trajectory, Verdict

LONG = 200  # ticks that any braking is done in
EXAMPLES = 16


@pytest.fixture
def plant() -> Iterator[SetPointTimeline]:
    timeline = SetPointTimeline()
    yield timeline
    assert timeline.violations == []


@pytest.fixture
def moving(plant: SetPointTimeline) -> SetPointTimeline:
    """A gate whose set points are on their way."""
    plant.tick()
    assert plant.toward((70.0, 0.9)).level is Level.PASS
    plant.tick(30)
    assert plant.commands[-1].velocity.all()
    return plant


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def at_rest(plant: SetPointTimeline) -> bool:
    return not plant.commands[-1].velocity.any()


def test_commands_begin_at_home_and_hold_there(plant):
    plant.silent = {"pressure"}
    verdict = plant.tick()
    assert codes(verdict) == ["SENSOR_MISSING", "PROPOSAL_MISSING"]
    assert verdict.reasons[0].numbers == {"sensor": "pressure"}
    np.testing.assert_array_equal(plant.commands[-1].position, HOME)


def test_set_points_are_reached_within_the_limits_of_their_channels(plant):
    plant.tick()
    for _ in range(140):
        plant.toward((70.0, 0.9))
        verdict = plant.tick(10)
    assert verdict.level is Level.PASS
    np.testing.assert_allclose(plant.commands[-1].position, (70.0, 0.9), atol=1e-2)


@pytest.mark.parametrize("sensor", ["temperature", "pressure", "flow"])
def test_a_stale_sensor_holds_by_its_name_and_what_was_planned_since_goes_on(moving, sensor):
    moving.silent = {sensor}
    for _ in range(LONG // 10):
        moving.toward((70.0, 0.9))
        verdict = moving.tick(10)
    assert codes(verdict) == ["SENSOR_STALE"]
    assert verdict.reasons[0].numbers["sensor"] == sensor
    assert at_rest(moving)
    moving.silent = set()
    moving.feed()
    moving.toward((70.0, 0.9))
    assert moving.tick(10).level < Level.HOLD
    assert not at_rest(moving)


def test_a_sensor_from_the_future_holds(moving):
    moving.silent = {"flow"}
    moving.gate.see_vector("flow", 1, moving.now_ns + 10**9, moving.now_ns)
    assert codes(moving.tick()) == ["SENSOR_FUTURE"]


def test_a_sensor_that_repeats_itself_for_too_long_holds_if_it_can_not(moving):
    moving.frozen = {"temperature", "pressure"}
    for _ in range(LONG // 10):
        moving.toward((70.0, 0.9))
        verdict = moving.tick(10)
    assert codes(verdict) == ["SENSOR_FROZEN"]
    numbers = verdict.reasons[0].numbers
    assert numbers["sensor"] == "temperature" and numbers["limit_s"] == TEMPERATURE.freeze_s
    assert at_rest(moving)
    moving.frozen = set()
    moving.feed()
    moving.toward((70.0, 0.9))
    assert moving.tick(10).level < Level.HOLD


def test_a_reading_that_is_not_finite_holds_at_once_and_a_good_one_ends_it(moving):
    moving.silent = {"temperature"}
    moving.gate.see_refused("temperature", "NaN", moving.now_ns)
    verdict = moving.tick()
    assert codes(verdict) == ["SENSOR_MALFORMED"]
    assert verdict.reasons[0].numbers == {"sensor": "temperature", "error": "NaN"}
    moving.silent = set()
    moving.feed()
    moving.toward((70.0, 0.9))
    assert moving.tick().level < Level.HOLD


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_proposal_with_nan_moves_nothing(plant, value):
    plant.tick()
    assert codes(plant.toward((value, 0.5))) == ["PROPOSAL_NOT_FINITE"]
    assert codes(plant.tick(20)) == ["PROPOSAL_MISSING"]
    np.testing.assert_array_equal(plant.commands[-1].position, HOME)


def test_after_a_stop_the_set_points_go_on_from_where_they_are(moving):
    moving.gate.estop(True, moving.now_ns)
    moving.tick(LONG)
    held = moving.commands[-1].position
    assert at_rest(moving) and (np.abs(held - HOME) > 0.005).all()
    moving.gate.estop(False, moving.now_ns)
    assert moving.gate.rearm(moving.now_ns).level is Level.PASS
    moving.begins_again()
    moving.tick()
    np.testing.assert_array_equal(moving.commands[-1].position, held)


def test_a_reset_in_motion_begins_at_rest_at_the_last_command_and_elsewhere_at_home(moving):
    left = moving.commands[-1].position
    moving.reset(elsewhere=False)
    assert "COMMANDS_WAIT" in codes(moving.tick())
    moving.tick(LONG)
    np.testing.assert_array_equal(moving.commands[-1].position, left)
    moving.reset(elsewhere=True)
    moving.tick()
    np.testing.assert_array_equal(moving.commands[-1].position, HOME)


def test_what_the_body_does_not_have_is_refused(plant):
    with pytest.raises(JointStateError, match="plant has no sensor of joint states"):
        plant.gate.see_joints(np.array(HOME), plant.now_ns, plant.now_ns)
    with pytest.raises(ConfigError, match=r"vector sensor: got 'humidity', expected .*'flow'"):
        plant.gate.see_vector("humidity", 1, plant.now_ns, plant.now_ns)
    with pytest.raises(
        ConfigError, match=r"image sensor: got 'flow', expected one that the gate watches: \[\]"
    ):
        plant.gate.see_image("flow", 1, plant.now_ns, plant.now_ns)
    with pytest.raises(ConfigError, match="no links"):
        plant.gate.restrict(Restrictions(forbidden=np.array([[[0.0] * 3, [1.0] * 3]])))


def test_limits_can_be_tightened(moving):
    moving.gate.restrict(Restrictions(upper=np.array([40.0, 0.6])))
    for _ in range(140):
        moving.toward((70.0, 0.9))
        verdict = moving.tick(10)
    assert "POSITION_LIMIT" in codes(verdict)
    np.testing.assert_allclose(moving.commands[-1].position, (40.0, 0.6), atol=1e-2)


@pytest.mark.parametrize("step_s", [0.1, 8.0])
def test_a_proposal_lasts_for_the_control_step_of_its_body(step_s):
    plant = SetPointTimeline(step_s=step_s)
    plant.tick()
    plant.toward((70.0, 0.9))
    silence_s = SETTINGS.checks["heartbeat"].planner_silence_s
    lasts_s = max(min(SETTINGS.proposal_age_s, silence_s), PACE * step_s)
    verdict = plant.tick(round(1e9 * lasts_s / TICK_NS) - 1)
    assert verdict.level < Level.HOLD
    assert set(codes(plant.tick(2))) & {"PROPOSAL_STALE", "PLANNER_SILENT"}
    assert plant.violations == []


class Ignored:
    """Takes what leaves a gate."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []

    def proposal(self, verdict: Verdict, now_ns: int, stamp_ns: int) -> None:
        self.verdicts.append(verdict)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def test_a_proposal_waits_for_every_sensor_and_for_no_joints(plant):
    outputs = Ignored()
    own = load_settings(GateNodeSettings, config_path("safety_node.yaml"))
    gate = Gate(plant_body(), SETTINGS, own, outputs, simulated=False)
    now = plant.now_ns
    points = np.tile(np.array(HOME), (3, 1))
    for sensor in ("temperature", "pressure", "flow"):
        gate.put([Trajectory(CHANNELS, points, np.arange(3) * 10**8, now)], now)
        assert outputs.verdicts == []
        gate.see_vector(sensor, 5, now, now)
    gate.judge_waiting(now)
    assert [verdict.level for verdict in outputs.verdicts] == [Level.PASS]


# Whatever happens, in whatever order

wild = st.one_of(st.floats(-200.0, 200.0), st.sampled_from([np.nan, np.inf, -np.inf, 1e308, *LOWER, *UPPER]))
share = st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))
sensors = st.sets(st.sampled_from(["temperature", "pressure", "flow"]), max_size=2)
steps = st.one_of(
    st.tuples(st.just("drive"), share, st.integers(1, 12)),
    st.tuples(st.just("drive"), share, st.integers(1, 12)),
    st.tuples(st.just("drive"), share, st.integers(1, 12)),
    st.tuples(st.just("anything"), st.lists(st.tuples(wild, wild), max_size=5), st.integers(-(10**9), 10**9)),
    st.tuples(st.just("faults"), sensors, sensors, st.integers(1, 150)),
    st.tuples(st.just("tick"), st.integers(1, 40)),
    st.tuples(st.just("late"), st.integers(1, 2 * 10**9)),
    st.tuples(st.just("stop"), st.integers(1, LONG)),
    st.tuples(st.just("reset"), st.booleans()),
    st.tuples(st.just("refuse")),
)


def play(plant: SetPointTimeline, name: str, *values: Any) -> None:
    """Do one step of a random timeline."""
    if name == "drive":
        goal = np.array(LOWER) + np.array(values[0]) * (np.array(UPPER) - np.array(LOWER))
        for _ in range(values[1]):
            plant.toward(goal)
            plant.tick(10)
    elif name == "anything":
        plant.propose(np.array(values[0], dtype=np.float64).reshape(-1, 2), values[1])
        plant.tick(3)
    elif name == "faults":
        plant.silent, plant.frozen = values[0], values[1]
        plant.toward((50.0, 0.5))
        plant.tick(values[2])
        plant.silent, plant.frozen = set(), set()
    elif name == "tick":
        plant.tick(values[0])
    elif name == "late":
        plant.now_ns += values[0]
    elif name == "stop":
        plant.gate.estop(True, plant.now_ns)
        plant.tick(values[0])
        plant.gate.estop(False, plant.now_ns)
        if plant.gate.rearm(plant.now_ns).level is Level.PASS:
            plant.begins_again()
    elif name == "reset":
        plant.reset(values[0])
    elif name == "refuse":
        plant.gate.see_refused(PRESSURE.name, "Inf", plant.now_ns)
        plant.silent = {PRESSURE.name}
        assert plant.tick().level >= Level.HOLD
        plant.silent = set()


def run(timeline: list[tuple[Any, ...]]) -> None:
    plant = SetPointTimeline()
    plant.tick()
    with np.errstate(all="ignore"):
        for step in timeline:
            play(plant, *step)
            assert plant.violations == [], step


def always(examples: int) -> Any:
    return settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def timelines(run: Any) -> Any:
    """Run the story that only braking in time survives, and then at random."""
    story = [("drive", (0.04, 0.0), 9), ("drive", (0.3, 0.0), 1), ("stop", LONG)]
    return example(story)(given(st.lists(steps, min_size=5, max_size=25))(run))


def test_no_channel_ever_leaves_its_limits_and_no_stale_sensor_lets_it_move():
    always(EXAMPLES)(timelines(run))()


def _at_once(self: Any, state: ChannelState, wanted: Any) -> ChannelState:
    return ChannelState(state.position + wanted * self._dt_s, wanted, np.zeros_like(wanted))


_limits_of = MotionLimits.of


def _without_velocity(*arguments: Any) -> MotionLimits:
    return replace(_limits_of(*arguments), velocity=np.full(len(CHANNELS), np.inf))


MUTANTS = {
    "velocity": (MotionLimits, "of", _without_velocity),
    "acceleration and jerk": (JerkLimit, "toward", _at_once),
    "braking distance": (BrakingDistance, "problem", lambda self, *_: None),
    "freshness": (Freshness, "_each", lambda self, *_: PASS),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_gate_without_a_check_is_found_out(mutant, monkeypatch):
    monkeypatch.setattr(*MUTANTS[mutant])
    with pytest.raises(AssertionError):
        always(4 * EXAMPLES)(timelines(run))()


def test_a_hold_leads_to_the_rest_as_fast_as_the_limits_allow():
    """A valve that must close does not creep the last of its way."""
    lower, upper, rest, velocity = np.array(LOWER), np.array(UPPER), np.array(HOME), np.array(VELOCITY)
    body = plant_body(limits=ChannelLimits(lower, upper, velocity, None, None, None), safe=rest)
    group = GuardedGroup(body, SETTINGS, (), proven=True)
    state, ticks = ChannelState.at_rest(upper), 0
    while np.abs(state.position - rest).max() > 1e-9 and ticks < 10_000:
        group.commanded, ticks = state, ticks + 1
        group.move(Verdict(Level.HOLD), ticks * TICK_NS)
        assert group.commanded is not None
        state = group.commanded
        assert (state.position >= rest - 1e-9).all()
    way_s = float(((upper - rest) / (SETTINGS.speed_scale * velocity)).max())
    assert ticks * TICK_NS / 1e9 <= way_s + 2 * TICK_NS / 1e9


def test_the_stream_begins_where_a_sensor_measures_the_set_points():
    """Operators have set them: the gate takes over without a jump, also after a reset."""
    timeline = SetPointTimeline(feedback=(FLOW.name, (2, 0)))
    gate, in_force = timeline.gate, np.array([60.0, 0.8])
    timeline.silent = {FLOW.name}

    def read(values: np.ndarray) -> None:
        gate.see_vector(FLOW.name, hash(values.tobytes()), timeline.now_ns, timeline.now_ns, values=values)

    timeline.now_ns += TICK_NS
    timeline.feed()
    assert gate.tick(timeline.now_ns)[0] is None, "not measured yet"
    read(np.array([in_force[1], np.nan, in_force[0]]))
    timeline.now_ns += TICK_NS
    timeline.feed()
    command, _ = gate.tick(timeline.now_ns)
    np.testing.assert_array_equal(command.position, in_force)
    read(np.array([2.0, 0.0, 70.0]))
    gate.reset(elsewhere=True)
    read(np.array([2.0, 0.0, 70.0]))  # a valve that reads beyond its range
    timeline.now_ns += TICK_NS
    timeline.feed()
    command, _ = gate.tick(timeline.now_ns)
    np.testing.assert_array_equal(command.position, [70.0, UPPER[1]])
