# SPDX-License-Identifier: Apache-2.0
"""Where a base may be: by what was measured, by what was commanded, and when the two part and meet again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bodies.driven_base import FASTEST, base_body
from gate_timeline import SETTINGS

from ami_ros.safety.motion.whereabouts import SLIDING, WAY, Whereabouts, followed, moved

DT_NS = 20_000_000
SPEED = 0.4  # m/s
SLIP, NOISE = SETTINGS.pose_slip, SETTINGS.pose_noise


class Drive:
    """A base that drives straight on along x, and is measured as the test likes."""

    def __init__(self) -> None:
        body = base_body()
        self.where = Whereabouts(body, SETTINGS)
        self.now_ns, self.truth = 0, 0.0
        self.measure(0.0)

    def measure(self, x: float, y: float = 0.0, yaw: float = 0.0) -> None:
        assert self.where.see(np.array([yaw, x, y]), self.now_ns) is not None

    def go(self, way: float, tell: float = 1.0, aside: float = 0.0, told: float | None = None) -> float:
        """Drive a way, of which the pose tells a share, and a share aside; return the last x that was told."""
        x = self.truth if told is None else told
        for number in range(1, 1 + round(way / (SPEED * DT_NS / 1e9))):
            self.where.note(np.array([SPEED, 0.0]), self.now_ns)
            self.now_ns += DT_NS
            self.truth += SPEED * DT_NS / 1e9
            x += tell * SPEED * DT_NS / 1e9
            self.measure(x, aside * number * SPEED * DT_NS / 1e9)
        self.where.note(np.zeros(2), self.now_ns)
        return x

    @property
    def led(self) -> float:
        return self.where.led_to(self.now_ns)[0]


def test_it_goes_on_from_the_newest_pose_along_the_commands_since():
    body = base_body()
    where = Whereabouts(body, SETTINGS)
    assert where.at(5) is None and where.led_to(5) is None
    where.note(np.array([0.5, 0.0]), 0)
    where.note(np.array([0.0, 1.0]), 1_000_000_000)
    assert where.see(np.array([math.pi / 2, 1.0, 2.0]), 600_000_000) == (1.0, 2.0, math.pi / 2)
    expected = (1.0, 2.0 + 0.4 * 0.5, math.pi / 2 + 0.5)
    assert where.at(1_500_000_000) == pytest.approx(expected)
    assert where.led_to(1_500_000_000) == pytest.approx(expected)
    assert where.see(np.array([0.0, math.inf, 0.0]), 700_000_000) is None
    assert where.at(1_500_000_000) == pytest.approx(expected), "what is not finite says nothing"
    where.forget()
    assert where.at(5) is None


def test_a_heading_that_wraps_around_goes_on():
    drive = Drive()
    for yaw in (1.5, 3.1):
        drive.now_ns += DT_NS
        drive.measure(0.0, yaw=yaw)
    drive.now_ns += DT_NS
    assert drive.where.see(np.array([-3.1, 0.0, 0.0]), drive.now_ns)[2] == pytest.approx(2 * math.pi - 3.1)


def test_a_pose_that_is_older_than_the_last_one_does_not_say_where_it_is_now():
    drive = Drive()
    drive.go(0.2)
    drive.where.see(np.array([0.0, -9.0, 0.0]), drive.now_ns - DT_NS)
    assert drive.where.at(drive.now_ns)[0] == pytest.approx(drive.truth)


@pytest.mark.parametrize("tell", [1.0, 1.0 - 0.8 * SLIP, 1.0 + 0.8 * SLIP])
def test_what_slips_is_explained_and_there_is_one_place(tell):
    drive = Drive()
    told = drive.go(10 * WAY, tell)
    assert drive.where.explained
    assert abs(drive.led - told) <= SLIP * WAY + NOISE


@pytest.mark.parametrize("tell", [0.0, 1.0 / 3.0, -0.5])
def test_a_pose_that_tells_another_way_is_not_explained_and_the_commands_lead_on(tell):
    drive = Drive()
    drive.go(4 * WAY, tell)
    assert not drive.where.explained
    assert drive.led == pytest.approx(drive.truth, abs=1e-9)
    assert 0.0 < drive.where.unsure < 0.5 * drive.truth
    drive.where.trust()
    assert drive.where.explained and drive.led == drive.where.at(drive.now_ns)[0]


def test_explained_poses_bring_the_places_together_as_far_as_it_goes_with_them():
    drive = Drive()
    told = drive.go(2 * WAY, 0.0)
    apart = drive.led - told
    told = drive.go(1.05 * WAY, told=told)
    assert drive.led - told == pytest.approx(apart - WAY, abs=0.3 * WAY)
    told = drive.go(2 * WAY, told=told)
    assert drive.where.explained and drive.led == pytest.approx(told, abs=1e-6)
    assert drive.where.unsure == 0.0


def test_a_leap_is_for_somebody_who_looks():
    drive = Drive()
    drive.go(WAY)
    told = drive.go(10 * WAY, told=drive.truth - 0.8)
    assert drive.led - told == pytest.approx(0.8, abs=1e-6), "explained by what it goes, not by where it is"
    assert not drive.where.explained
    drive.where.trust()
    assert drive.led == pytest.approx(told)


def test_how_far_commands_went_since_the_pose_last_changed():
    drive = Drive()
    drive.go(0.1, 0.0)
    assert drive.where.still == pytest.approx(0.1, abs=1e-2)
    drive.measure(drive.truth + 0.01)
    drive.now_ns += DT_NS
    drive.measure(drive.truth + 0.02)
    assert drive.where.still == 0.0


def test_how_it_slides_is_known_until_it_goes_straight_again():
    drive = Drive()
    drive.go(SLIDING, aside=0.6)
    assert drive.where.sliding == pytest.approx((0.0, 0.6), abs=0.05)
    before = drive.where.sliding
    drive.now_ns += 50 * DT_NS
    drive.measure(drive.truth, 0.6 * SLIDING)
    assert drive.where.sliding == before, "standing still does not tell"
    drive.where.trust()
    drive.go(2 * SLIDING)
    assert drive.where.sliding == (0.0, 0.0)


def test_the_way_of_one_frame_in_another():
    begin, end = (1.0, 2.0, 0.3), (1.4, 2.1, 0.8)
    assert followed(begin, begin, end) == pytest.approx(end)
    turned = followed((0.0, 0.0, 0.3 + math.pi / 2), begin, end)
    assert turned == pytest.approx((-0.1, 0.4, 0.8 + math.pi / 2))


def test_how_fast_it_can_get_elsewhere():
    body = base_body()
    where = Whereabouts(body, SETTINGS)
    assert where.fastest.tolist() == [FASTEST[0], FASTEST[0], FASTEST[1]]
    assert moved((0.0, 0.0, 0.0), (1.0, 0.0, math.pi), 1.0) == pytest.approx((0.0, 1.0, math.pi))
