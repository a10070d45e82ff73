# SPDX-License-Identifier: Apache-2.0
"""A private ROS_DOMAIN_ID: processes in different domains do not communicate."""

from __future__ import annotations

import os
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ami_ros.errors import ProcessError
from ami_ros.system.lock_file import LockFile

# UDP ports of DDS: 7400 + 250 * domain + 10 + 2 * participant. Source: OMG DDSI-RTPS 2.5, section 9.6.2.
# Domains above 101 reach into the ephemeral ports of Linux.
_FIRST_UNICAST_PORT, _PORTS_PER_DOMAIN, _DOMAINS = 7410, 250, range(1, 102)


@contextmanager
def own_domain() -> Iterator[int]:
    """Yield a ROS_DOMAIN_ID that no process on this machine uses, and reserve it while the block runs.

    Ports reveal running ROS processes; locks reveal our processes that have not started theirs yet.

    Raises:
        ProcessError: all of 1 to 101 are taken.
    """
    for domain in random.sample(_DOMAINS, len(_DOMAINS)):
        lock = _reserve(domain)
        if lock is not None:
            with lock:
                yield domain
            return
    raise ProcessError(f"no free ROS_DOMAIN_ID in {_DOMAINS[0]} to {_DOMAINS[-1]}: end some ROS processes")


def lock_path(domain: int) -> Path:
    """Return the file that reserves a domain among the processes of this user."""
    return Path(tempfile.gettempdir(), f"ami_ros_{os.getuid()}_domain_{domain}.lock")


def _reserve(domain: int) -> LockFile | None:
    try:
        lock = LockFile(lock_path(domain))
    except OSError:  # a file of another user is there
        return None
    if lock.holder is None and _silent(domain):
        return lock
    lock.close()
    return None


def _silent(domain: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", _FIRST_UNICAST_PORT + _PORTS_PER_DOMAIN * domain))
        except OSError:
            return False
    return True
