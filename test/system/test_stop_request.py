# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import time

import pytest

from ami_ros.system import stop_request
from ami_ros.system.stop_request import SIGNALS, StopRequest


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)]


@pytest.fixture(autouse=True)
def everything_is_put_back():
    before = handlers()
    yield
    assert handlers() == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_without_a_signal_nothing_happens():
    with StopRequest() as stop:
        assert stop.signal is None


@pytest.mark.parametrize("number", SIGNALS)
def test_the_work_stops_where_it_wants_to(number):
    done = []
    with pytest.raises(SystemExit) as ended, StopRequest() as stop:
        os.kill(os.getpid(), number)
        done.append("the step")
        if stop.signal is not None:
            stop.leave()
        done.append("more")
    assert ended.value.code == 128 + number
    assert done == ["the step"]


def test_a_request_that_comes_with_the_last_step_is_not_forgotten():
    with pytest.raises(SystemExit), StopRequest():
        os.kill(os.getpid(), signal.SIGTERM)


def test_an_error_of_the_work_is_not_hidden():
    with pytest.raises(ZeroDivisionError), StopRequest():
        os.kill(os.getpid(), signal.SIGTERM)
        raise ZeroDivisionError


def test_a_step_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(stop_request, "PATIENCE_S", 0.05)
    with pytest.raises(SystemExit) as ended, StopRequest():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(600.0)
    assert ended.value.code == 143


def test_whoever_asks_twice_does_not_wait():
    with pytest.raises(SystemExit) as ended, StopRequest():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("went on")
    assert ended.value.code == 130
