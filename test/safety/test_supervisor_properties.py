# SPDX-License-Identifier: Apache-2.0
"""Whatever arrives, in whatever order: nothing unsafe leaves the gate. And the proof that these tests bite."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gate_timeline import SETTINGS, STEP_NS, GateTimeline
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from robots import JOINTS, LOWER, UPPER, made_up_robot

from ami_ros.safety.admission import Admission
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import PASS, Level

EXAMPLES = 40

wild = st.one_of(
    st.floats(-4.0, 4.0),
    st.sampled_from([np.nan, np.inf, -np.inf, 1e308, -1e308, 1e12, -1e12, 0.0, -0.0, *LOWER, *UPPER]),
)
change = st.lists(st.floats(-3.0, 3.0), min_size=JOINTS, max_size=JOINTS)
offset_ns = st.sampled_from([0, 0, 0, 0, 1, -1, -STEP_NS, 40_000_000, 60_000_000, -(10**9), 10**9, -(10**18)])


def array(width: Any) -> Any:
    return width.flatmap(lambda n: st.lists(st.lists(wild, min_size=n, max_size=n), max_size=6))


steps = st.one_of(
    st.tuples(st.just("toward"), change, st.integers(1, 6), offset_ns),
    st.tuples(st.just("toward"), change, st.integers(1, 6), st.just(0)),
    st.tuples(
        st.just("propose"), array(st.sampled_from([JOINTS] * 4 + [0, JOINTS - 1, JOINTS + 1])), offset_ns
    ),
    st.tuples(
        st.just("times"),
        change,
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=2),
        offset_ns,
    ),
    st.tuples(st.just("leap"), st.lists(wild, min_size=JOINTS, max_size=JOINTS), offset_ns),
    st.tuples(st.just("drive"), change, st.integers(1, 12)),
    st.tuples(st.just("drive"), change, st.integers(1, 12)),
    st.tuples(st.just("names"), st.permutations(range(JOINTS))),
    st.tuples(st.just("joints"), st.lists(wild, min_size=JOINTS - 1, max_size=JOINTS), offset_ns),
    st.tuples(st.just("joints_near"), change, offset_ns),
    st.tuples(st.just("push"), change),
    st.tuples(st.just("image"), offset_ns),
    st.tuples(st.just("tick"), st.integers(1, 30), st.booleans(), st.booleans()),
    st.tuples(st.just("tick"), st.integers(1, 30), st.just(True), st.just(True)),
    st.tuples(st.just("tick"), st.integers(1, 30), st.just(True), st.just(True)),
    st.tuples(st.just("late"), st.integers(1, 2_000_000_000)),
    st.tuples(st.just("estop"), st.booleans()),
    st.tuples(st.just("rearm")),
    st.tuples(st.just("reset")),
)
start = st.lists(st.floats(0.01, 0.99), min_size=JOINTS, max_size=JOINTS)
limits = st.sampled_from(
    [{}, {}, {}, {"lower": None}, {"upper": None}, {"velocity": None}, {"acceleration": None}]
)


def play(gate: GateTimeline, name: str, *values: Any) -> None:
    """Do one step of a random timeline."""
    if name == "toward":
        gate.toward(values[0], values[1], gate.now_ns + values[2])
    elif name == "propose":
        positions = np.array(values[0], dtype=np.float64)
        if len(values[0]) == 0:
            positions = np.empty((0, JOINTS))
        gate.propose(positions, gate.now_ns + values[1], np.arange(len(positions)) * STEP_NS)
    elif name == "times":
        points = np.stack([gate.position, gate.position + values[0]])
        gate.propose(points, gate.now_ns + values[2], values[1])
    elif name == "leap":  # begins where the robot is, so that it is let in, and goes anywhere
        gate.propose(np.stack([gate.position, np.array(values[0])]), gate.now_ns + values[1])
    elif name == "drive":  # a planner at work
        for _ in range(values[1]):
            gate.toward(values[0], 3)
            gate.tick(10)
    elif name == "names":
        gate.propose(np.stack([gate.position]), names=[gate.spec.joint_names[i] for i in values[0]])
    elif name == "joints":
        gate.try_joints(np.array(values[0]), gate.now_ns + values[1])
    elif name == "joints_near":
        gate.try_joints(gate.position + 0.04 * np.array(values[0]), gate.now_ns + values[1])
    elif name == "push":  # somebody moves the arm
        gate.position = gate.position + 0.3 * np.array(values[0])
    elif name == "image":
        gate.image(gate.now_ns + values[0])
    elif name == "tick":
        gate.tick(*values)
    elif name == "late":
        gate.now_ns += values[0]
    elif name == "estop":
        gate.estop(values[0])
    elif name == "rearm":
        gate.rearm()
    elif name == "reset":
        gate.reset()


def gate_at(shares: list[float], changes: dict[str, None]) -> GateTimeline:
    """Return a gate whose robot stands between its position limits."""
    gate = GateTimeline(made_up_robot(**changes))
    gate.position = np.array(LOWER) + np.array(shares) * (np.array(UPPER) - np.array(LOWER))
    gate.tick()
    return gate


def run_timeline(shares: list[float], changes: dict[str, None], timeline: list[tuple[Any, ...]]) -> None:
    """Play a timeline and assert that every command was safe."""
    gate = gate_at(shares, changes)
    moved = False
    with np.errstate(all="ignore"):
        for step in timeline:
            seen = len(gate.commands)
            play(gate, *step)
            moved |= any(command.velocity.any() for command in gate.commands[seen:])
            if gate.must_be_at_rest and gate.commands:
                assert not gate.speed.any(), "motion after a stop"
            assert gate.oracle.violations == [], step
    event("moved" if moved else "never moved")


def always(examples: int, *phases: Phase) -> Any:
    return settings(
        max_examples=examples,
        phases=phases,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def timelines(run: Any) -> Any:
    """Run what reaches every limit, then what hypothesis draws: that depends on whatever code is loaded."""
    story: list[Any] = [("drive", [sign * 3.0] * JOINTS, 12) for sign in (1, 1, 1, 1, -1, -1, -1, -1, -1, 1)]
    story += [("estop", True), ("tick", 30, True, True)]
    drawn = given(start, limits, st.lists(steps, min_size=5, max_size=40))
    return example([0.5] * JOINTS, {}, story)(drawn(run))


def test_nothing_unsafe_ever_leaves_the_gate():
    always(EXAMPLES, Phase.explicit, Phase.generate)(timelines(run_timeline))()


def test_the_random_timelines_move_the_robot_and_reach_its_limits():
    """A property over timelines that only ever hold would prove nothing."""
    seen = {level: 0 for level in Level}
    codes: dict[str, int] = {}
    moving = 0

    @always(40, Phase.generate)
    @timelines
    def count(shares, changes, timeline):
        nonlocal moving
        gate = gate_at(shares, changes)
        with np.errstate(all="ignore"):
            for step in timeline:
                play(gate, *step)
                _, verdict = gate.tick()
                seen[verdict.level] += 1
                for reason in verdict.reasons:
                    codes[reason.code] = codes.get(reason.code, 0) + 1
        moving += any(command.velocity.any() for command in gate.commands)

    count()
    assert moving > 12
    assert all(seen.values()), seen
    assert {"VELOCITY_LIMIT", "ACCELERATION_LIMIT", "POSITION_LIMIT", "TRACKING_ERROR", "ESTOP"} <= set(codes)


def _at_once(self, motion, wanted):
    return ChannelState(motion.position + wanted * self._dt_s, wanted, np.zeros_like(wanted))


def _without(**limits: float) -> Any:
    original = MotionLimits.of.__func__

    def of(cls, *args):
        return replace(
            original(cls, *args), **{name: np.full(JOINTS, value) for name, value in limits.items()}
        )

    return classmethod(of)


def _forgetful_estop(self, pressed, now_ns):
    self._estop_pressed = pressed
    return PASS


MUTANTS = {
    "no acceleration limit": (JerkLimit, "toward", _at_once),
    "no velocity limit": (MotionLimits, "of", _without(velocity=np.inf)),
    "no position limits": (MotionLimits, "of", _without(lower=-np.inf, upper=np.inf)),
    "no lower limit": (MotionLimits, "of", _without(lower=-np.inf)),
    "no upper limit": (MotionLimits, "of", _without(upper=np.inf)),
    "estop ignored": (Supervisor, "estop", _forgetful_estop),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_gate_is_found_out(mutant, monkeypatch):
    owner, name, replacement = MUTANTS[mutant]
    monkeypatch.setattr(owner, name, replacement)
    with pytest.raises(AssertionError):
        always(4 * EXAMPLES, Phase.explicit, Phase.generate)(timelines(run_timeline))()


def test_two_lines_of_defence_against_nan(monkeypatch):
    """With the admission blind to NaN, the limiter still turns it into standing still."""
    monkeypatch.setattr(Admission, "_shape", lambda self, proposal: None)
    gate = GateTimeline(made_up_robot())
    gate.tick()
    points = np.stack([gate.position, np.full(JOINTS, np.nan)])
    assert gate.propose(points).level is Level.PASS
    _, verdict = gate.tick(20)
    assert "VELOCITY_NOT_FINITE" in [reason.code for reason in verdict.reasons]
    assert verdict.level is Level.HOLD
    assert gate.oracle.violations == []
    assert SETTINGS.speed_scale < 1.0  # the oracle judges the scaled limit, not the robot's
