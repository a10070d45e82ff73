# SPDX-License-Identifier: Apache-2.0
"""What is kept of more messages than anybody handles."""

from __future__ import annotations

from ami_ros.system.backlog import Backlog


def test_of_more_than_it_keeps_the_newest_are_kept_in_order():
    backlog: Backlog[int] = Backlog(3)
    for number in range(5):
        backlog.add(number)
    assert backlog.empty() == [2, 3, 4]
    assert backlog.empty() == []


def test_with_a_key_no_number_of_others_hides_one_and_the_newest_word_comes_last():
    backlog: Backlog[tuple[str, bool]] = Backlog(3, key=lambda word: word)
    backlog.add(("a", True))
    for _ in range(1000):
        backlog.add(("b", False))
    assert backlog.empty() == [("a", True), ("b", False)]
    for word in (True, False, True):
        backlog.add(("a", word))
    assert backlog.empty() == [("a", False), ("a", True)]
