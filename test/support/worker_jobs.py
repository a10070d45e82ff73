# SPDX-License-Identifier: Apache-2.0
"""What workers do in the tests of the workers: spawned processes import it by name."""

from __future__ import annotations

import os
import signal
import time

from ami_ros.errors import EmbodimentError


class Desk:
    """What a worker works with."""

    def __init__(self, factor: int) -> None:
        self.factor, self.built_in = factor, os.getpid()


def broken_desk(factor: int) -> Desk:
    raise EmbodimentError(f"no desk with factor {factor}")


def multiply(desk: Desk, job: int) -> tuple[int, int]:
    """The later jobs are done first."""
    time.sleep(0.3 if job == 0 else 0.0)
    return job * desk.factor, desk.built_in


def refuse(desk: Desk, job: int) -> int:
    raise EmbodimentError(f"job {job} is refused")


def stumble(desk: Desk, job: int) -> int:
    return job // (job - job)


def die(desk: Desk, job: int) -> int:
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def linger(desk: Desk, job: int) -> int:
    """All but the first job are for ever."""
    time.sleep(600.0 if job else 0.0)
    return job


def interrupt(desk: Desk, job: int) -> int:
    """As Ctrl-C in a terminal does."""
    os.kill(os.getpid(), signal.SIGINT)
    return job


class Interruption:
    """Sends a signal to the process that sends this to its workers, in the middle of it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[type[Interruption], tuple[int]]:
        os.kill(os.getpid(), self.number)
        return Interruption, (self.number,)
