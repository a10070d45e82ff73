# SPDX-License-Identifier: Apache-2.0
"""An arm with two cameras: each is judged by itself, and told by its name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from gate_timeline import SETTINGS, START_NS, TICK_NS
from robots import made_up_robot

from ami_ros.safety.check import Check
from ami_ros.safety.events import Event, ImageSeen, JointsSeen, RearmAsked
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.situation import Situation
from ami_ros.safety.supervisor import Supervisor
from ami_ros.safety.watched_sensor import IMAGE, JOINT_STATES, WatchedSensor
from ami_ros.types import PASS, Level, Trajectory, Verdict

SPEC = made_up_robot()
SENSORS = (
    WatchedSensor("joints", JOINT_STATES, 0.25),
    WatchedSensor("front", IMAGE, 0.5),
    WatchedSensor("wrist", IMAGE, 0.3),
)
SLOW = np.array([0.06, -0.03, 0.09, 0.03])  # rad per control step


class Diary(Check):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.forgets = 0

    def see(self, event: Event, situation: Situation) -> None:
        self.events.append(event)

    def forget(self) -> None:
        self.forgets += 1

    def judge(self, situation: Situation) -> Verdict:
        return PASS


@dataclass
class Arm:
    """An arm that follows, and moves on and on."""

    gate: Supervisor
    now_ns: int = START_NS

    def run(self, ticks: int, silent: str = "", frozen: str = "") -> Verdict:
        position, verdict = np.array(SPEC.home), PASS
        for tick in range(ticks):
            self.now_ns += TICK_NS
            self.gate.see_joints(position, self.now_ns, self.now_ns)
            for sensor in ("front", "wrist"):
                if sensor != silent:
                    self.gate.see_image(sensor, 7 if sensor == frozen else tick, self.now_ns, self.now_ns)
            if tick % 10 == 0:
                points = position + np.arange(5)[:, None] * SLOW
                self.gate.submit(
                    Trajectory(SPEC.joint_names, points, np.arange(5) * 10**8, self.now_ns), self.now_ns
                )
            command, verdict = self.gate.tick(self.now_ns)
            position = position if command is None else command.position.copy()
        return verdict


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def arm(diary: Diary) -> Arm:
    body = GateBody.of_robot(SPEC, SENSORS)
    return Arm(Supervisor(body, SETTINGS, extra_checks=(diary,)))


def test_two_living_cameras_let_it_move(arm):
    assert arm.run(60).level < Level.HOLD


@pytest.mark.parametrize("silent", ["front", "wrist"])
def test_one_that_is_missing_and_one_that_is_old_are_named(arm, silent):
    told = arm.run(5, silent=silent).reasons
    assert [(reason.code, reason.numbers["sensor"]) for reason in told] == [("CAMERA_MISSING", silent)]
    arm.run(30)
    told = arm.run(60, silent=silent).reasons
    assert [(reason.code, reason.numbers["sensor"]) for reason in told] == [("CAMERA_STALE", silent)]
    assert told[0].numbers["limit_s"] == {"front": 0.5, "wrist": 0.3}[silent]


def test_one_that_is_frozen_is_named_although_the_other_lives(arm):
    told = arm.run(100, frozen="wrist").reasons
    assert [(reason.code, reason.numbers["sensor"]) for reason in told] == [("CAMERA_FROZEN", "wrist")]


def test_a_check_from_outside_sees_what_all_see_and_forgets_with_them(arm, diary):
    arm.run(1)
    assert [type(event) for event in diary.events] == [JointsSeen, ImageSeen, ImageSeen]
    assert [event.sensor for event in diary.events[1:]] == ["front", "wrist"]
    arm.gate.estop(True, arm.now_ns)
    arm.run(60)
    arm.gate.estop(False, arm.now_ns)
    assert arm.gate.rearm(arm.now_ns).level is Level.PASS
    assert isinstance(diary.events[-1], RearmAsked) and diary.forgets == 0
    arm.gate.reset()
    assert diary.forgets == 1
