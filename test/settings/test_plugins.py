# SPDX-License-Identifier: Apache-2.0
"""What other packages offer is found by name, imported when it is wanted, and named when it fails."""

from __future__ import annotations

import sys

import pytest
from foreign_package import installed

from ami_ros.errors import ConfigError
from ami_ros.settings import plugins

GROUP = "ami_ros.test_parts"


def test_a_part_is_found_by_name_and_imported_when_it_is_wanted(tmp_path):
    with installed(tmp_path, "somebody", {"their_part": "ANSWER = 42\n"}, {GROUP: {"part": "their_part"}}):
        assert plugins.found(GROUP)["part"].value == "their_part"
        assert "their_part" not in sys.modules
        assert plugins.load(GROUP, "part").ANSWER == 42
        with pytest.raises(
            ConfigError, match=rf"prat: not installed, expected an entry point of {GROUP}: \['part'\]"
        ):
            plugins.load(GROUP, "prat")
    assert plugins.found(GROUP) == {}
    with pytest.raises(ConfigError, match="none installed"):
        plugins.load(GROUP, "part")


@pytest.mark.parametrize("source", ["import nosuch_module\n", "1 / 0\n", "def broken(:\n"])
def test_a_part_that_cannot_be_imported_is_named_with_the_cause(tmp_path, source):
    with (
        installed(tmp_path, "somebody", {"their_part": source}, {GROUP: {"part": "their_part"}}),
        pytest.raises(ConfigError, match=r"part: somebody 1.0 \(their_part\) cannot be imported: \w+Error: "),
    ):
        plugins.load(GROUP, "part")


def test_one_name_of_two_packages_is_refused(tmp_path):
    with (
        installed(tmp_path / "a", "one", {}, {GROUP: {"part": "first"}}),
        installed(tmp_path / "b", "other", {}, {GROUP: {"part": "second"}}),
        pytest.raises(
            ConfigError, match=r"got it from one 1.0 \(first\) and other 1.0 \(second\), expected one"
        ),
    ):
        plugins.load(GROUP, "part")
