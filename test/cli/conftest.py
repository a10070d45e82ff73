# SPDX-License-Identifier: Apache-2.0
"""The command line in the process of the test: no interpreter has to start and import torch for a sentence."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from command import PLAIN

from ami_ros.cli import main as command_line


@pytest.fixture
def ami_ros_here(capfd, monkeypatch) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run the command line here and return what it said, as `command.run` does from a process of its own."""
    handler = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        for name, value in {**PLAIN, **environment}.items():
            monkeypatch.setenv(name, value)
        argv = ["ami-ros", *(str(argument) for argument in arguments)]
        monkeypatch.setattr(sys, "argv", argv)
        capfd.readouterr()
        try:
            command_line.main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        said = capfd.readouterr()
        return subprocess.CompletedProcess(argv, code, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, handler)
