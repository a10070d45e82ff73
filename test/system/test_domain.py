# SPDX-License-Identifier: Apache-2.0
"""A ROS domain belongs to one run: reserved before its nodes have opened a port, and free when it is dead."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack

import pytest
from child_environment import child_environment

from ami_ros.errors import ProcessError
from ami_ros.system.domain import lock_path, own_domain

DOMAINS = range(1, 102)
HOLD = """
import time
from ami_ros.system.domain import own_domain
with own_domain() as domain:
    print(domain, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Tests that take every domain take none from other tests."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def take_all(open_domains: ExitStack) -> list[int]:
    taken: list[int] = []
    with pytest.raises(ProcessError, match="no free ROS_DOMAIN_ID in 1 to 101: end some ROS processes"):
        while True:
            taken.append(open_domains.enter_context(own_domain()))
    return taken


def test_no_domain_is_given_twice_and_all_are_free_again():
    for _ in range(2):
        with ExitStack() as open_domains:
            taken = take_all(open_domains)
            assert len(set(taken)) == len(taken) > len(DOMAINS) // 2  # others may run ROS here, too
            assert set(taken) <= set(DOMAINS)


def test_another_process_has_its_domain_until_it_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLD]
    process = subprocess.Popen(
        command, env=child_environment(TMPDIR=str(tmp_path)), stdout=subprocess.PIPE, text=True
    )
    try:
        theirs = int(process.stdout.readline())
        with ExitStack() as open_domains:
            assert theirs not in take_all(open_domains)
    finally:
        process.kill()
        process.communicate()
    with ExitStack() as open_domains:
        assert theirs in take_all(open_domains)


def test_ros_processes_of_others_are_heard():
    with own_domain() as domain:
        pass  # free, as we now know
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other, ExitStack() as open_domains:
        other.bind(("", 7410 + 250 * domain))  # as DDS does
        assert domain not in take_all(open_domains)


def test_what_another_user_left_in_the_way_is_passed_by():
    with own_domain() as ours:
        pass
    for domain in set(DOMAINS) - {ours}:
        lock_path(domain).unlink(missing_ok=True)
        lock_path(domain).mkdir()  # nobody can open it for writing
    with own_domain() as domain:
        assert domain == ours
