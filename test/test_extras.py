# SPDX-License-Identifier: Apache-2.0
"""Missing packages are named together with the way to get them."""

from __future__ import annotations

import pytest

from ami_ros import extras
from ami_ros.cli.bench import parse_size
from ami_ros.errors import ConfigError


def test_what_is_there_passes(monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "sim", ("json", "math"))
    extras.require("sim")


def test_what_is_missing_is_named_with_advice(monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "ros", ("json", "no_such_module"))
    with pytest.raises(ConfigError) as error:
        extras.require("ros")
    message = str(error.value)
    assert "no_such_module (extra 'ros')" in message
    assert "json" not in message
    assert "make venv" in message
    assert "source your ROS 2" in message


def test_image_sizes():
    assert parse_size("640x480") == (640, 480)


@pytest.mark.parametrize("text", ["640", "640x", "0x480", "640x0", "-1x2", "640X480", "ax b"])
def test_bad_image_sizes(text):
    with pytest.raises(ConfigError, match="WIDTHxHEIGHT"):
        parse_size(text)
