# SPDX-License-Identifier: Apache-2.0
"""Those who watch the planner: it never waits for them, and none of them can end it."""

from __future__ import annotations

import os
import sys
import threading

import numpy as np
import pytest
from observed import observed

from ami_ros.ros.planner.onlookers import Onlookers
from ami_ros.system.priority import NICEST
from ami_ros.types import Plan

PATIENCE_S = 30.0
SEEN = observed(np.zeros((8, 8, 3), np.uint8), np.zeros(2))


def plan(distance: float, in_time: bool = True) -> Plan:
    actions, predicted = np.zeros((1, 1, 1)), np.zeros((1, 1), np.float32)
    return Plan(actions, 1, 0.0, {}, distance, False, predicted, 1, in_time, 0, "hold")


class Slow:
    """Looks at each plan until it may go on."""

    def __init__(self, wanted: bool = True) -> None:
        self.wanted, self.begun, self.go_on = wanted, threading.Semaphore(0), threading.Event()
        self.seen: list[float] = []
        self.niceness = 0

    def listens(self) -> bool:
        return self.wanted

    def show(self, thought) -> None:
        self.seen.append(thought.plan.distance)
        self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.begun.release()
        self.go_on.wait(PATIENCE_S)
        if thought.plan.distance < 0:
            raise ValueError("cannot draw this")


class Errors:
    def __init__(self) -> None:
        self.reported: list[str] = []

    def report(self, where: str, error: BaseException) -> None:
        self.reported.append(f"{where}: {error}")


@pytest.fixture
def errors():
    return Errors()


def test_while_one_is_busy_only_the_newest_plan_waits(errors):
    slow = Slow()
    onlookers = Onlookers([slow], errors)
    onlookers.see(SEEN, plan(1.0))
    assert slow.begun.acquire(timeout=PATIENCE_S)
    for distance in (2.0, 3.0, 4.0):
        onlookers.see(SEEN, plan(distance))
    slow.go_on.set()
    assert slow.begun.acquire(timeout=PATIENCE_S)
    onlookers.close()
    assert slow.seen == [1.0, 4.0] and onlookers.dropped == 2


def test_a_plan_that_was_late_is_not_shown(errors):
    heard = Slow()
    heard.go_on.set()
    onlookers = Onlookers([heard], errors)
    onlookers.see(SEEN, plan(1.0, in_time=False))
    onlookers.see(SEEN, plan(2.0))
    assert heard.begun.acquire(timeout=PATIENCE_S)
    onlookers.close()
    assert heard.seen == [2.0] and onlookers.dropped == 1


def test_what_nobody_listens_to_is_not_computed(errors):
    deaf, heard = Slow(wanted=False), Slow()
    heard.go_on.set()
    onlookers = Onlookers([deaf, heard], errors)
    onlookers.see(SEEN, None)
    onlookers.see(SEEN, plan(1.0))
    assert heard.begun.acquire(timeout=PATIENCE_S)
    onlookers.close()
    assert not deaf.seen and heard.seen == [1.0]


def test_an_error_is_reported_and_the_next_plan_is_shown(errors):
    fragile = Slow()
    fragile.go_on.set()
    onlookers = Onlookers([fragile], errors)
    for distance in (-1.0, 1.0):
        onlookers.see(SEEN, plan(distance))
        assert fragile.begun.acquire(timeout=PATIENCE_S)
    onlookers.close()
    assert errors.reported == ["show: cannot draw this"] and fragile.seen == [-1.0, 1.0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority per thread")
def test_everybody_else_comes_first(errors):
    before, slow = os.getpriority(os.PRIO_PROCESS, 0), Slow()
    slow.go_on.set()
    onlookers = Onlookers([slow], errors)
    onlookers.see(SEEN, plan(1.0))
    assert slow.begun.acquire(timeout=PATIENCE_S)
    onlookers.close()
    assert slow.niceness == NICEST and os.getpriority(os.PRIO_PROCESS, 0) == before
