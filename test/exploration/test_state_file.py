# SPDX-License-Identifier: Apache-2.0
"""The file of an exploration: whole or not at all, and whatever else lies there is refused in one line."""

from __future__ import annotations

import pytest

from ami_ros.errors import ConfigError, OutputError
from ami_ros.exploration.state_file import read_exploration, write_exploration

STATE = {"format": 1, "moved_s": 0.5}


def test_it_reads_what_it_wrote(tmp_path):
    write_exploration(tmp_path / "below" / "it.json", STATE)
    assert read_exploration(tmp_path / "below" / "it.json") == STATE
    with pytest.raises(OutputError, match="cannot be written"):
        write_exploration(tmp_path / "below" / "it.json" / "again.json", STATE)


@pytest.mark.parametrize("content", ["", '{"format": 1,', "[1]", '{"a": 1, "a": 2}', "\xff"])
def test_whatever_else_lies_there_is_refused(tmp_path, content):
    path = tmp_path / "it.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"it\.json"):
        read_exploration(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_exploration(tmp_path / "it.json")
