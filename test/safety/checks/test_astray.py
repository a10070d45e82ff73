# SPDX-License-Identifier: Apache-2.0
"""A base that is measured elsewhere than its commands have led it: named, held, and in the end stopped."""

from __future__ import annotations

import numpy as np
import pytest
from bodies.driven_base import base_body
from gate_timeline import SETTINGS

from ami_ros.safety.checks.astray import Astray
from ami_ros.safety.events import RearmAsked
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.situation import Situation
from ami_ros.types import Level, Verdict

DT_NS = 20_000_000
SPEED = 0.5  # m/s


class Watched:
    """A check and what it watches."""

    def __init__(self) -> None:
        body = base_body()
        self.where = Whereabouts(body, SETTINGS)
        self.check = Astray(body.sensors[0], self.where, SETTINGS)
        self.now_ns, self.told = 0, 0.0
        self.where.see(np.zeros(3), 0)

    def drive(self, way: float, tell: float) -> Verdict:
        """Drive a way of which the pose tells a share."""
        for _ in range(round(way / (SPEED * DT_NS / 1e9))):
            self.where.note(np.array([SPEED, 0.0]), self.now_ns)
            self.now_ns += DT_NS
            self.told += tell * SPEED * DT_NS / 1e9
            self.where.see(np.array([0.0, self.told, 0.0]), self.now_ns)
        self.where.note(np.zeros(2), self.now_ns)
        return self.judge()

    def judge(self, later_s: float = 0.0) -> Verdict:
        self.now_ns += round(1e9 * later_s)
        return self.check.judge(Situation(self.now_ns))


@pytest.fixture
def watched() -> Watched:
    return Watched()


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_before_any_pose_and_while_poses_are_explained_there_is_nothing_to_say(watched):
    assert watched.judge().level is Level.PASS
    assert watched.drive(2.0, 1.0).level is Level.PASS
    watched.where.forget()
    assert watched.judge().level is Level.PASS


def test_a_pose_that_stands_still_although_commands_move_holds_and_then_stops(watched):
    assert watched.drive(0.9 * SETTINGS.still_joints_travel, 0.0).level is Level.PASS
    verdict = watched.drive(0.3 * SETTINGS.still_joints_travel, 0.0)
    assert (verdict.level, codes(verdict)) == (Level.HOLD, ["SENSOR_FROZEN"])
    assert verdict.reasons[0].numbers["sensor"] == "pose"
    assert watched.judge(0.9 * SETTINGS.tracking_patience_s).level is Level.HOLD
    assert watched.judge(0.2 * SETTINGS.tracking_patience_s).level is Level.STOP
    watched.where.see(np.array([0.0, 0.01, 0.0]), watched.now_ns)
    assert watched.judge().level is Level.PASS


def test_a_pose_that_tells_less_is_named_then_holds_and_stops(watched):
    verdict = watched.drive(0.35, 0.3)
    assert (verdict.level, codes(verdict)) == (Level.LIMITED, ["POSE_UNEXPLAINED"])
    verdict = watched.drive(0.3, 0.3)
    assert (verdict.level, codes(verdict)) == (Level.HOLD, ["POSE_UNEXPLAINED", "TRACKING_ERROR"])
    assert verdict.reasons[1].numbers["value"] > SETTINGS.tracking_error
    verdict = watched.judge(1.1 * SETTINGS.tracking_patience_s)
    assert (verdict.level, codes(verdict)[1]) == (Level.STOP, "TRACKING_LOST")


def test_a_hold_ends_at_half_of_the_limit_and_not_with_the_next_noise(watched):
    while watched.drive(0.05, 0.3).level is not Level.HOLD:
        pass
    x = watched.where.led_to(watched.now_ns)[0]
    for share, level in ((0.9, Level.HOLD), (0.6, Level.HOLD), (0.4, Level.LIMITED), (0.9, Level.LIMITED)):
        watched.now_ns += DT_NS
        watched.where.see(np.array([0.0, x - share * SETTINGS.tracking_error, 0.0]), watched.now_ns)
        assert watched.judge().level is level, share


def test_who_re_arms_has_looked(watched):
    watched.drive(1.0, 0.0)
    assert watched.judge(2.0).level is Level.STOP
    watched.check.see(RearmAsked(watched.now_ns), Situation(watched.now_ns))
    assert watched.judge().level is Level.PASS
