# SPDX-License-Identifier: Apache-2.0
"""What is quoted of files, names and messages is shown, and not obeyed."""

from __future__ import annotations

import pytest

from ami_ros.errors import printable, printable_lines, shown

HOSTILE = {
    "escape": "\x1b[2J\x1b]0;title\x07",
    "carriage return": "\rerror: none",
    "backspace": "ok\b\b",
    "line end": "a\nb",
    "C1": "\x9b31m",
    "right to left": "\u202egpj.exe\u2066\u2069",
    "separator": "a\u2028b",
    "half a letter": "\udcff",
    "nothing to see": "\u200b\ufeff",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_it_reaches_a_terminal(text):
    for safe in (printable(text), shown(text)):
        assert safe.isprintable() and safe.encode()


def test_it_can_be_told_what_was_there():
    assert printable("a\x1b\n\u202e\udcff") == r"a\x1b\n\u202e\udcff"


@pytest.mark.parametrize("text", ["", "tray [left]", "Grüße, 机器人, ±1 °C, C:\\new", "🙂"])
def test_what_people_write_stays(text):
    assert printable(text) == text


def test_further_lines_cannot_look_like_the_first():
    assert (
        printable_lines("it ended:\nerror: all is well\x1b[0m") == "it ended:\n  error: all is well\\x1b[0m"
    )
