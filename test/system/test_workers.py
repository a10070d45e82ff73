# SPDX-License-Identifier: Apache-2.0
"""Workers do all jobs, in order, or end with the reason: none is started again for ever."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest
import worker_jobs as jobs

from ami_ros.errors import EmbodimentError, ProcessError
from ami_ros.system.workers import Workers

COUNT, FACTOR = 2, 7


@pytest.fixture
def workers():
    with Workers(COUNT, jobs.Desk, (FACTOR,)) as started:
        yield started
    assert multiprocessing.active_children() == []


def test_results_come_in_the_order_of_the_jobs_from_desks_that_are_built_once(workers):
    for _ in range(2):  # the same workers, for another list of jobs
        results = list(workers.run(jobs.multiply, range(6)))
        assert [result for result, _ in results] == [FACTOR * job for job in range(6)]
        assert {pid for _, pid in results} <= {child.pid for child in multiprocessing.active_children()}
        assert os.getpid() not in {pid for _, pid in results}


def test_no_jobs_are_no_work(workers):
    assert list(workers.run(jobs.multiply, [])) == []


def test_a_desk_that_cannot_be_built_ends_the_work_with_its_own_error():
    with (
        pytest.raises(EmbodimentError, match=f"no desk with factor {FACTOR}"),
        Workers(COUNT, jobs.broken_desk, (FACTOR,)) as workers,
    ):
        list(workers.run(jobs.multiply, range(6)))
    assert multiprocessing.active_children() == []


def test_a_job_that_fails_ends_the_work_with_its_own_error(workers):
    with pytest.raises(EmbodimentError, match="job 0 is refused"):
        list(workers.run(jobs.refuse, [0]))


def test_a_bug_names_its_kind_and_keeps_its_traceback_for_debugging(workers):
    with pytest.raises(ProcessError, match="failed: ZeroDivisionError: ") as caught:
        list(workers.run(jobs.stumble, [1]))
    assert "in stumble" in str(caught.value.__cause__)


def test_a_killed_worker_ends_the_work_and_is_not_replaced(workers):
    with pytest.raises(ProcessError, match=r"worker process \d+ was killed by SIGKILL.*use fewer workers"):
        list(workers.run(jobs.die, range(100)))
    assert multiprocessing.active_children() == []


def test_work_that_is_left_early_ends_the_workers_in_the_middle_of_their_jobs(workers):
    run = workers.run(jobs.linger, range(4))
    assert next(run) == 0
    run.close()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_workers_start_is_heard_when_they_have_started(number, capfd):
    def hear(*_: object) -> None:
        raise InterruptedError("heard")

    before = signal.signal(number, hear)
    try:
        # The arguments are packed while a worker starts.
        with (
            pytest.raises(InterruptedError, match="heard"),
            Workers(COUNT, jobs.Desk, (jobs.Interruption(number),)),
        ):
            pytest.fail("not heard")
        assert signal.getsignal(number) is hear
    finally:
        signal.signal(number, before)
    assert multiprocessing.active_children() == []
    assert capfd.readouterr().err == ""


def test_ctrl_c_is_not_for_workers(workers):
    assert list(workers.run(jobs.interrupt, range(4))) == list(range(4))
