# SPDX-License-Identifier: Apache-2.0
"""What a message says reaches a node's log, and commands no terminal that shows it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
from ami_ros.errors import ConfigError, JointStateError
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.node_main import EXIT_CONFIGURATION, _refuse

HOSTILE = "joint \x1b[2J\nerror: none"


@pytest.mark.parametrize("error", [JointStateError(HOSTILE), KeyError(HOSTILE), ValueError(HOSTILE)])
def test_an_error_of_a_callback(error):
    said: list[str] = []
    log = ErrorLog(SimpleNamespace(get_logger=lambda: SimpleNamespace(error=said.append)))
    try:
        raise error
    except Exception as raised:
        log.report("joints", raised)
    first, *others = said[0].split("\n")
    assert first.startswith("joints: ") and all(line.startswith("  ") for line in others)
    assert "\x1b" not in said[0] and r"\x1b" in said[0]


def test_a_node_that_cannot_start(capsys):
    assert _refuse("safety", ConfigError(HOSTILE)) == EXIT_CONFIGURATION
    assert capsys.readouterr().err == "safety: joint \\x1b[2J\n  error: none\n"
