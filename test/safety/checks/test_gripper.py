# SPDX-License-Identifier: Apache-2.0
"""What counts as held, lost, stuck and silent; at the thresholds, and with numbers that are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gate_gripper import GRIPPER, WIDEST, gripper_body
from gate_timeline import SETTINGS

from ami_ros.safety.check import CheckContext
from ami_ros.safety.checks.gripper import GripperCheck, Settings, build
from ami_ros.safety.events import ReadingRefused, VectorSeen
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.situation import Situation
from ami_ros.types import Level, Verdict

MS = 1_000_000
# Shares of 8 cm: a slip of 4 mm, 12 mm from the command.
SETTINGS_OF_CHECK = Settings(slip=0.05, settle_s=0.2, lost_s=1.0, follow=0.15, follow_s=0.5, silence_s=2.0)
SLIP, FOLLOW = 0.05 * WIDEST, 0.15 * WIDEST
GRIPS, WIDTH = 0.03, 0.05  # m, commanded and measured


class Story:
    """A check, and the time; each step is 10 ms."""

    def __init__(self) -> None:
        self.check = GripperCheck("opening", 0, GRIPPER, 0.0, WIDEST, SETTINGS_OF_CHECK)
        self.now_ns = 5_000 * MS

    def run(self, seconds: float, opening: float | None, commanded: float | None) -> Verdict:
        verdict = Verdict(Level.PASS)
        for _ in range(round(seconds * 100)):
            self.now_ns += 10 * MS
            where = None if commanded is None else np.array([commanded])
            situation = Situation(self.now_ns, commanded=where)
            if opening is not None:
                event = VectorSeen(GRIPPER.sensor, None, self.now_ns, self.now_ns, np.array([opening]))
                self.check.see(event, situation)
            verdict = self.check.judge(situation)
        return verdict


@pytest.fixture
def story() -> Story:
    return Story()


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_fingers_that_press_and_stand_still_hold_something(story):
    assert story.run(0.19, WIDTH, GRIPS).level is Level.PASS and story.check.held is None
    story.run(0.05, WIDTH, GRIPS)
    assert story.check.held == WIDTH


@pytest.mark.parametrize(
    ("opening", "commanded"),
    [(0.0, 0.0), (WIDTH, WIDTH), (WIDTH, WIDTH - 0.4 * GRIPPER.press), (WIDTH, 0.08)],
    ids=["closed_on_nothing", "at_the_command", "hardly_pressing", "opening"],
)
def test_fingers_that_do_not_press_hold_nothing(story, opening, commanded):
    story.run(0.4, opening, commanded)
    assert story.check.held is None


def test_fingers_on_their_way_hold_nothing(story):
    for opening in np.arange(0.08, 0.035, -0.001):
        story.run(0.01, float(opening), GRIPS)
        assert story.check.held is None


def test_a_grip_is_lost_beyond_the_slip_and_holds_for_a_while(story):
    story.run(0.5, WIDTH, GRIPS)
    assert story.run(0.1, WIDTH - 0.99 * SLIP, GRIPS).level is Level.PASS
    lost = story.run(0.01, WIDTH - 1.01 * SLIP, GRIPS)
    assert lost.level is Level.HOLD and codes(lost) == ["GRIP_LOST"]
    assert lost.reasons[0].numbers["held"] == WIDTH
    assert codes(story.run(0.9, GRIPS, GRIPS)) == ["GRIP_LOST"]
    assert story.run(0.2, GRIPS, GRIPS).level is Level.PASS


def test_letting_go_is_no_loss(story):
    story.run(0.5, WIDTH, GRIPS)
    assert story.run(0.05, WIDTH, 0.07).level is Level.PASS
    assert story.run(0.5, 0.07, 0.07).level is Level.PASS
    assert story.run(0.5, 0.02, 0.02).level is Level.PASS, "it closed again, on nothing"


@pytest.mark.parametrize(
    ("opening", "commanded", "is_stuck"),
    [
        (0.05, 0.05 + 1.01 * FOLLOW, True),
        (0.05, 0.05 + 0.99 * FOLLOW, False),
        (0.08, 0.08 - 1.01 * FOLLOW, True),
        (0.05, 0.0, False),
    ],
    ids=["does_not_open", "almost_there", "stays_wide_open", "grips"],
)
def test_fingers_away_from_their_command_are_stuck_after_a_while(story, opening, commanded, is_stuck):
    assert story.run(0.49, opening, commanded).level is Level.PASS
    verdict = story.run(0.05, opening, commanded)
    assert (verdict.level, codes(verdict)) == (
        (Level.HOLD, ["GRIPPER_STUCK"]) if is_stuck else (Level.PASS, [])
    )
    assert "GRIPPER_STUCK" not in codes(story.run(0.01, commanded, commanded))


def test_silence_stops_a_robot_with_a_grip_and_no_other(story):
    story.run(0.5, 0.08, 0.08)
    assert story.run(5.0, None, 0.08).level is Level.PASS, "another check holds it"
    story.run(0.5, WIDTH, GRIPS)
    assert story.run(1.99, None, GRIPS).level is Level.PASS
    silent = story.run(0.02, None, GRIPS)
    assert silent.level is Level.STOP and codes(silent) == ["GRIPPER_SILENT"]
    assert story.run(0.01, None, None).level is Level.STOP, "a re-arm is refused"
    assert story.run(0.01, WIDTH, GRIPS).level is Level.PASS


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_not_taken(story, odd):
    story.run(0.5, WIDTH, GRIPS)
    assert story.run(0.5, odd, GRIPS).level is Level.PASS
    assert story.check.held == WIDTH
    assert codes(story.run(2.0, odd, GRIPS)) == ["GRIPPER_SILENT"]


def test_other_events_and_missing_numbers_change_nothing(story):
    assert story.run(1.0, None, GRIPS).level is Level.PASS
    situation = Situation(story.now_ns, commanded=np.array([GRIPS]))
    story.check.see(VectorSeen("other", None, 0, 0, np.array([0.01])), situation)
    story.check.see(VectorSeen(GRIPPER.sensor, None, 0, 0, None), situation)
    story.check.see(ReadingRefused(GRIPPER.sensor, "NaN", 0), situation)
    assert story.check.judge(situation).level is Level.PASS
    story.run(0.5, WIDTH, None)
    assert story.check.held is None, "without commands nothing presses"


def test_it_forgets_on_a_reset(story):
    story.run(0.5, WIDTH, GRIPS)
    story.check.forget()
    assert story.check.held is None
    assert story.run(3.0, None, GRIPS).level is Level.PASS


def test_only_a_gripper_has_the_check():
    def built(**changes: object) -> int:
        body = gripper_body(**changes)
        context = CheckContext(body, SETTINGS, True, Whereabouts(body, SETTINGS))
        return len(build(context, SETTINGS_OF_CHECK))

    assert built() == 1
    assert built(gripper=None) == 0
