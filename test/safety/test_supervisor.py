# SPDX-License-Identifier: Apache-2.0
"""Timelines of the whole gate. Every command of every test is judged by the oracle as well."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from gate_timeline import SETTINGS, START_NS, TICK_NS, GateTimeline
from robots import CAMERA, HOME, JOINTS, made_up_robot

from ami_ros.errors import ConfigError, JointStateError
from ami_ros.safety.check import Check
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Level, Reason, Verdict

SLOW = np.array([0.02, -0.01, 0.03, 0.01])  # rad per control step
FAST = np.array([2.0, -2.0, 3.0, 1.0])
LONG = 60  # ticks that any braking is done in


@pytest.fixture
def gate() -> Iterator[GateTimeline]:
    timeline = GateTimeline(made_up_robot())
    yield timeline
    assert timeline.oracle.violations == []


@pytest.fixture
def moving(gate: GateTimeline) -> GateTimeline:
    """A gate that follows a proposal at speed."""
    gate.tick()
    assert gate.toward(SLOW, steps=20).level is Level.PASS
    gate.tick(20)
    assert np.abs(gate.speed).max() > 0.05
    return gate


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def at_rest(gate: GateTimeline) -> bool:
    return not gate.speed.any()


def test_it_starts_in_hold_without_any_command(gate):
    command, verdict = gate.tick(3, fresh=False)
    assert command is None
    assert verdict.level is Level.HOLD
    assert codes(verdict) == ["JOINTS_MISSING", "CAMERA_MISSING", "PROPOSAL_MISSING"]


def test_with_joints_it_holds_the_robot_where_it_is(gate):
    gate.joints()
    command, verdict = gate.tick(5, fresh=False)
    assert codes(verdict) == ["CAMERA_MISSING", "PROPOSAL_MISSING"]
    np.testing.assert_array_equal(command.position, gate.spec.home)
    np.testing.assert_array_equal(command.velocity, np.zeros(JOINTS))
    assert command.stamp_ns == gate.now_ns


def test_a_proposal_from_before_the_first_joints_never_moves_the_robot(gate):
    assert codes(gate.toward(SLOW)) == ["PROPOSAL_BEFORE_JOINTS"]
    command, verdict = gate.tick(30)
    assert codes(verdict) == ["PROPOSAL_MISSING"]
    np.testing.assert_array_equal(command.position, gate.spec.home)


def test_it_follows_a_slow_proposal_to_its_end_and_stands_there(gate):
    gate.tick()
    goal = gate.position + 4 * SLOW
    assert gate.toward(SLOW).level is Level.PASS
    command, verdict = gate.tick(70)
    assert verdict.level is Level.PASS
    np.testing.assert_allclose(command.position, goal, atol=2e-3)
    command, verdict = gate.tick(30)
    assert codes(verdict) == ["PROPOSAL_STALE", "PLANNER_SILENT"]
    assert at_rest(gate)


def test_it_limits_a_fast_proposal(gate):
    gate.tick()
    gate.toward(FAST)
    _, verdict = gate.tick()
    assert verdict.level is Level.LIMITED
    gate.tick(60)
    assert np.abs(gate.speed).max() > 0.1


@pytest.mark.parametrize(
    ("silence", "cause"),
    [("joints", "JOINTS_STALE"), ("camera", "CAMERA_STALE"), ("proposals", "PROPOSAL_STALE")],
)
def test_silence_holds_and_the_return_of_data_resumes_without_a_jump(moving, silence, cause):
    verdict = Verdict(Level.PASS)
    for tick in range(110):
        if silence != "joints":
            moving.joints()
        if silence != "camera":
            moving.image()
        if silence != "proposals" and tick % 10 == 0:
            moving.toward(SLOW)
        _, verdict = moving.tick(fresh=False)
    assert verdict.level is Level.HOLD
    assert cause in codes(verdict)
    assert at_rest(moving)
    held = moving.position.copy()
    moving.feed()
    moving.toward(SLOW)
    command, verdict = moving.tick()
    assert verdict.level < Level.HOLD
    assert np.abs(command.position - held).max() < 0.01
    moving.tick(30)
    assert not at_rest(moving)


@pytest.mark.parametrize("offset_ns", [-300_000_000, 70_000_000])
def test_joint_stamps_of_another_clock_hold(moving, offset_ns):
    for _ in range(LONG):
        moving.joints(stamp_ns=moving.now_ns + offset_ns)
        moving.image()
        _, verdict = moving.tick(fresh=False)
    assert verdict.level is Level.HOLD
    assert at_rest(moving)


def test_hold_decelerates_within_limits_and_comes_to_rest(gate):
    gate.tick()
    gate.toward(FAST)
    gate.tick(40)
    start = gate.speed.copy()
    assert np.abs(start).max() > 0.2
    gate.now_ns += 10**9  # everything is stale at once
    ticks = 0
    while not at_rest(gate):
        before = gate.speed.copy()
        _, verdict = gate.tick(fresh=False)
        assert verdict.level is Level.HOLD
        assert (np.abs(gate.speed) <= np.abs(before)).all()
        ticks += 1
    needed = np.max(np.abs(start) / (np.array([8.0, 10.0, 6.0, 4.0]) * 0.01))
    assert ticks == int(np.ceil(needed))


def test_estop_latches_through_new_proposals(moving):
    assert codes(moving.estop(True)) == ["ESTOP"]
    for _ in range(10):
        moving.toward(SLOW)
        _, verdict = moving.tick(10)
        assert verdict.level is Level.STOP
        assert "ESTOP" in codes(verdict)
    assert at_rest(moving)


def test_release_alone_does_not_resume(moving):
    moving.estop(True)
    moving.tick(LONG)
    assert moving.estop(False).level is Level.STOP
    moving.toward(SLOW)
    _, verdict = moving.tick(LONG)
    assert verdict.level is Level.STOP
    assert at_rest(moving)


def test_rearm_without_a_stop_is_harmless(gate):
    assert gate.rearm().level is Level.PASS  # before the first joints
    gate.tick()
    assert gate.rearm().level is Level.PASS
    gate.tick()
    assert gate.toward(SLOW).level is Level.PASS
    _, verdict = gate.tick(10)
    assert verdict.level < Level.HOLD


def test_rearm_is_refused_while_pressed_or_moving(moving):
    moving.estop(True)
    moving.tick()
    assert codes(moving.rearm()) == ["ESTOP_STILL_PRESSED"]
    moving.estop(False)
    assert codes(moving.rearm()) == ["STILL_MOVING"]
    _, verdict = moving.tick(LONG)
    assert verdict.level is Level.STOP
    assert moving.rearm().level is Level.PASS
    _, verdict = moving.tick()
    assert codes(verdict) == ["PROPOSAL_MISSING"]


def test_rearm_is_refused_while_the_robot_turns(moving):
    """Its velocity passes through zero: standing still from here would be a jump of the acceleration."""
    (group,) = moving.gate._groups
    still = np.zeros_like(group.commanded.position)
    for acceleration, expected in ((still + 2.0, ["STILL_MOVING"]), (still, [])):
        group.commanded = ChannelState(group.commanded.position, still, acceleration)
        assert codes(moving.rearm()) == expected


def test_rearm_is_refused_while_the_joints_are_stale(moving):
    """Commands go on from the measured position: an old one would make the robot jump back."""
    moving.estop(True)
    moving.tick(LONG, fresh=False)
    moving.estop(False)
    assert codes(moving.rearm()) == ["JOINTS_STALE"]
    moving.joints()
    assert moving.rearm().level is Level.PASS
    command, _ = moving.tick()
    np.testing.assert_array_equal(command.position, moving.position)


def test_after_rearm_only_newer_proposals_move_it(moving):
    moving.estop(True)
    moving.tick(LONG)
    before = moving.now_ns
    assert moving.toward(SLOW).level is Level.PASS  # accepted, yet dropped by the re-arm
    moving.tick(5)
    moving.estop(False)
    assert moving.rearm().level is Level.PASS
    for stamp_ns in (before, before + 1, moving.now_ns):
        assert codes(moving.toward(SLOW, stamp_ns=stamp_ns)) == ["PROPOSAL_OUT_OF_ORDER"]
    moving.tick(20)
    assert at_rest(moving)
    assert moving.toward(SLOW).level is Level.PASS
    _, verdict = moving.tick(20)
    assert verdict.level < Level.HOLD
    assert not at_rest(moving)


def test_rearm_starts_from_where_the_robot_was_pushed_to(moving):
    moving.estop(True)
    moving.tick(LONG)
    moving.estop(False)
    left, pushed = moving.position, moving.position + 0.1
    for share in np.linspace(0.0, 1.0, 60):  # by hand: no faster than a joint can
        moving.position = left + share * (pushed - left)
        moving.now_ns += TICK_NS
        moving.feed()
    assert moving.rearm().level is Level.PASS
    silent = 0
    while moving.tick()[0] is None:
        silent += 1
    np.testing.assert_array_equal(moving.commands[-1].position, pushed)
    # The slowest joint takes 0.1 rad / 0.5 rad/s at least, and may take a little longer for its acceleration.
    assert 0.2 / 0.01 <= silent <= 0.55 / 0.01


def test_pressing_again_stops_again(moving):
    for _ in range(2):
        moving.estop(True)
        moving.tick(LONG)
        moving.estop(False)
        assert moving.rearm().level is Level.PASS
        moving.tick()
        moving.toward(SLOW)
        _, verdict = moving.tick(10)
        assert verdict.level < Level.HOLD


def test_a_bad_proposal_neither_moves_it_nor_ends_the_good_one(moving):
    bad = [
        moving.propose(np.full((3, JOINTS), np.nan)),
        moving.propose(moving.position + np.zeros((3, JOINTS)), times_ns=[0, 2, 1]),
        moving.propose(np.empty((0, JOINTS)), times_ns=[]),
        moving.propose(moving.position + np.zeros((2, JOINTS)), names=moving.spec.joint_names[::-1]),
        moving.propose(moving.position + np.zeros((2, JOINTS)), names=["a", "b", "c", "d"]),
        moving.propose(moving.position + np.ones((2, JOINTS))),
        moving.toward(FAST, stamp_ns=moving.now_ns - 2 * 10**9),
        moving.toward(FAST, stamp_ns=moving.now_ns + 10**9),
    ]
    assert all(verdict.level is Level.HOLD for verdict in bad)
    _, verdict = moving.tick(5)
    assert verdict.level < Level.HOLD
    assert not at_rest(moving)


def test_a_repeated_message_changes_nothing(moving):
    stamp = moving.now_ns
    assert moving.toward(SLOW, stamp_ns=stamp).level is Level.PASS
    moving.tick(3)
    assert codes(moving.toward(-SLOW, stamp_ns=stamp)) == ["PROPOSAL_OUT_OF_ORDER"]
    assert codes(moving.toward(-SLOW, stamp_ns=stamp - TICK_NS)) == ["PROPOSAL_OUT_OF_ORDER"]


@pytest.mark.parametrize(
    "position",
    [
        np.full(JOINTS, np.nan),
        np.array([0.0, np.inf, 0.0, 0.0]),
        np.zeros(JOINTS - 1),
        np.zeros((1, JOINTS)),
        [],
    ],
    ids=["NaN", "Inf", "too few", "matrix", "empty"],
)
def test_bad_joints_raise_and_the_last_good_ones_age(moving, position):
    with pytest.raises(JointStateError, match="joint state"):
        moving.gate.see_joints(np.asarray(position), moving.now_ns, moving.now_ns)
    moving.image()
    _, verdict = moving.tick(1, fresh=False)
    assert verdict.level < Level.HOLD
    for _ in range(40):
        moving.image()
        _, verdict = moving.tick(fresh=False)
    assert "JOINTS_STALE" in codes(verdict)
    assert at_rest(moving)


def test_a_robot_that_does_not_follow_is_not_pulled_and_in_the_end_stopped(gate):
    gate.tick()
    gate.stopped = False
    levels = []
    for _ in range(30):
        gate.toward(FAST)
        _, verdict = gate.tick(10, follow=False)
        levels.append(verdict.level)
    assert Level.HOLD in levels
    assert gate.gate.state is Level.STOP
    assert codes(verdict)[0] == "TRACKING_LOST"
    assert np.abs(gate.commands[-1].position - gate.position).max() < SETTINGS.tracking_error + 0.2
    assert at_rest(gate)
    assert gate.rearm().level is Level.PASS
    assert codes(gate.tick()[1])[-1] == "COMMANDS_WAIT"
    command, _ = gate.tick(3 * LONG)
    np.testing.assert_array_equal(command.position, gate.position)


@pytest.fixture
def pressing(gate: GateTimeline) -> GateTimeline:
    """A gate whose robot met an obstacle, at the tick at which that is noticed."""
    gate.tick()
    for tick in range(LONG):
        if tick % 10 == 0:
            gate.toward(FAST)
        if "TRACKING_ERROR" in codes(gate.tick(follow=False)[1]):
            return gate
    pytest.fail("nothing is noticed")


def gap(gate: GateTimeline) -> float:
    return float(np.abs(gate.commands[-1].position - gate.position).max())


def test_a_hold_gives_way_to_an_obstacle_and_goes_on(pressing):
    assert gap(pressing) > SETTINGS.tracking_error
    pressing.tick(LONG, follow=False)
    assert gap(pressing) <= 0.5 * SETTINGS.tracking_error
    assert at_rest(pressing)
    for _ in range(LONG):  # the obstacle is gone
        pressing.position += np.clip(pressing.commands[-1].position - pressing.position, -0.01, 0.01)
        pressing.tick(follow=False)
    pressing.toward(SLOW, steps=20)
    _, verdict = pressing.tick(20)
    assert verdict.level < Level.HOLD and not at_rest(pressing)


def test_a_stop_does_not_give_way(pressing):
    pressing.estop(True)
    pressing.tick(LONG, follow=False)
    assert at_rest(pressing)
    assert gap(pressing) > SETTINGS.tracking_error


def test_nobody_gives_way_to_a_robot_that_may_be_elsewhere(pressing):
    pressing.joints(pressing.position - 1.0)
    _, verdict = pressing.tick(fresh=False, follow=False)
    assert "JOINTS_CONTRADICT" in codes(verdict)
    for _ in range(LONG):
        pressing.image()
        pressing.tick(fresh=False, follow=False)
    assert at_rest(pressing)
    assert gap(pressing) > SETTINGS.tracking_error


def test_a_stopped_gate_tells_the_same_while_proposals_keep_coming(gate):
    gate.tick()
    told = []
    for _ in range(40):  # long enough to be stopped for most of it
        gate.toward(FAST)
        for _ in range(10):
            _, verdict = gate.tick(follow=False)
            told.append((verdict.level, *codes(verdict)))
    assert told[-1][0] is Level.STOP
    assert len(set(told[-100:])) == 1, set(told[-100:])


def test_after_a_hold_only_what_was_planned_since_moves_it(moving):
    for _ in range(LONG):  # the camera is silent; planner and joints are not
        moving.joints()
        moving.toward(SLOW)
        _, verdict = moving.tick(fresh=False)
    assert "CAMERA_STALE" in codes(verdict)
    during = moving.now_ns - 1
    assert at_rest(moving)
    moving.tick(1)
    moving.toward(SLOW, stamp_ns=during)
    _, verdict = moving.tick()
    assert codes(verdict) == ["PROPOSAL_BEFORE_HOLD"]
    assert moving.toward(SLOW).level is Level.PASS
    _, verdict = moving.tick(10)
    assert verdict.level < Level.HOLD
    assert not at_rest(moving)


def test_a_proposal_that_a_clock_set_back_makes_one_of_the_future_is_not_followed_later(moving):
    moving.toward(SLOW)
    moving.tick()
    moving.now_ns -= 80_000_000  # less than a jump, more than the tolerance
    _, verdict = moving.tick()
    assert codes(verdict) == ["PROPOSAL_FUTURE"]
    _, verdict = moving.tick(10)
    assert codes(verdict) == ["PROPOSAL_BEFORE_HOLD"]
    moving.now_ns += 80_000_000
    assert moving.toward(SLOW).level is Level.PASS
    _, verdict = moving.tick(10)
    assert verdict.level < Level.HOLD


def test_a_frozen_camera_holds_although_its_stamps_are_fresh(gate):
    gate.tick()
    for tick in range(120):
        gate.joints()
        gate.gate.see_image(CAMERA, 7, gate.now_ns, gate.now_ns)
        if tick % 10 == 0:
            gate.toward(SLOW * 3)
        _, verdict = gate.tick(fresh=False)
    assert codes(verdict)[0] == "CAMERA_FROZEN"
    assert at_rest(gate)
    gate.gate.see_image(CAMERA, 8, gate.now_ns, gate.now_ns)
    gate.joints()
    gate.toward(SLOW)
    _, verdict = gate.tick(fresh=False)
    assert verdict.level < Level.HOLD


def test_a_silent_planner_holds_before_its_proposal_is_stale(moving):
    moving.gate.see_planner(ModelReport(), moving.now_ns)
    late = round(SETTINGS.checks["heartbeat"].planner_silence_s * 1e9) // TICK_NS
    for _ in range(late):
        moving.toward(SLOW)
        _, verdict = moving.tick()
    assert verdict.level < Level.HOLD
    moving.toward(SLOW)
    _, verdict = moving.tick()
    assert codes(verdict) == ["PLANNER_SILENT"]
    moving.gate.see_planner(ModelReport(), moving.now_ns)
    _, verdict = moving.tick()
    assert verdict.level < Level.HOLD


def test_restrictions_slow_it_down_within_limits_and_bad_ones_change_nothing(moving):
    moving.gate.restrict(Restrictions(speed_scale=0.0))
    for _ in range(20):
        moving.toward(SLOW)
        _, verdict = moving.tick()
    assert codes(verdict) == ["VELOCITY_LIMIT"]
    assert at_rest(moving)
    with pytest.raises(ConfigError, match=r"velocity: got .*9.0.* no looser than the robot's .*1.5"):
        moving.gate.restrict(Restrictions(velocity=np.full(JOINTS, 9.0)))
    moving.toward(SLOW)
    moving.tick(5)
    assert at_rest(moving)
    moving.gate.restrict(Restrictions())
    moving.toward(SLOW)
    moving.tick(10)
    assert not at_rest(moving)


def test_a_robot_outside_its_limits_is_held_there_and_may_come_back(gate):
    gate.position = np.array([*HOME[:3], 2.3])  # the last joint's upper limit is 2.1
    command, _ = gate.tick(5)
    np.testing.assert_array_equal(command.position, gate.position)
    gate.toward([0.0, 0.0, 0.0, 0.05])
    gate.tick(30)
    assert gate.position[3] == 2.3
    gate.toward([0.0, 0.0, 0.0, -0.02])
    gate.tick(30)
    assert gate.position[3] < 2.3


def test_reset_forgets_everything_but_a_latched_stop(moving):
    moving.reset()
    command, verdict = moving.tick(fresh=False)
    assert command is None
    assert codes(verdict) == ["JOINTS_MISSING", "CAMERA_MISSING", "PROPOSAL_MISSING"]
    moving.now_ns = START_NS // 2  # the clock jumped back
    moving.tick()
    assert moving.toward(SLOW).level is Level.PASS
    moving.estop(True)
    moving.reset()
    _, verdict = moving.tick()
    assert verdict.level is Level.STOP
    moving.estop(False)
    assert moving.rearm().level is Level.PASS


def test_the_worst_verdict_wins_and_no_reason_is_lost(gate):
    class Alarm(Check):
        def judge(self, situation):
            return Verdict(Level.STOP, (Reason("ALARM", {"at_ns": situation.now_ns}),))

    supervisor = Supervisor(GateBody.of_robot(gate.spec), SETTINGS, extra_checks=(Alarm(),))
    supervisor.see_joints(gate.spec.home, START_NS, START_NS)
    _, verdict = supervisor.tick(START_NS)
    assert verdict.level is Level.STOP
    assert codes(verdict) == ["CAMERA_MISSING", "PROPOSAL_MISSING", "ALARM"]
    assert str(verdict.reasons[-1]) == f"ALARM(at_ns={START_NS})"


def test_without_limits_it_follows_at_once():
    free = made_up_robot(lower=None, upper=None, velocity=None, acceleration=None)
    gate = GateTimeline(free)
    gate.tick()
    gate.toward(FAST)
    _, verdict = gate.tick()
    assert verdict.level is Level.PASS
    assert np.abs(gate.speed - 10 * FAST).max() < 5.0
    assert gate.oracle.violations == []


def test_the_same_timeline_gives_the_same_commands():
    def run() -> np.ndarray:
        gate = GateTimeline(made_up_robot())
        gate.tick()
        for _ in range(5):
            gate.toward(FAST / 3)
            gate.tick(10)
        return np.array([(c.position, c.velocity) for c in gate.commands])

    np.testing.assert_array_equal(run(), run())
