# SPDX-License-Identifier: Apache-2.0
"""Each button has its own last word, and those that were here before the gate have to speak."""

from __future__ import annotations

import pytest

from ami_ros.safety.gate.estop_buttons import GONE_LOOKS, SERVICE, UNKNOWN, EstopButtons
from ami_ros.types import PASS, Verdict


class Told:
    """What the gate is told."""

    def __init__(self, pressed_by: tuple[str, ...] = ()) -> None:
        self.pressed: list[bool] = []
        self.waits_for: list[str] = []
        self.buttons = EstopButtons(self._press, self._hold, pressed_by)

    def _press(self, pressed: bool) -> Verdict:
        self.pressed.append(pressed)
        return PASS

    def _hold(self, names) -> None:
        self.waits_for = sorted(names)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_button_releases_itself_alone(told):
    buttons = told.buttons
    assert buttons.hear("a", True) == (True, PASS)
    assert buttons.hear("a", True)[0] is False, "that is known"
    buttons.hear("b", False)
    assert buttons.pressed_by == {"a"} and told.pressed[-1] is True
    buttons.hear(SERVICE, True)
    buttons.hear("a", False)
    assert buttons.pressed_by == {SERVICE} and told.pressed[-1] is True
    buttons.hear(SERVICE, False)
    assert not buttons.pressed and told.pressed[-1] is False


def test_each_press_by_the_service_is_news(told):
    assert told.buttons.hear(SERVICE, True)[0] and told.buttons.hear(SERVICE, True)[0]


def test_what_was_no_message_is_released_by_any_publisher_and_not_by_the_service(told):
    told.buttons.hear(UNKNOWN, True)
    told.buttons.hear(SERVICE, False)
    assert told.buttons.pressed
    told.buttons.hear("b", False)
    assert not told.buttons.pressed


def test_a_button_that_has_been_gone_for_a_while_is_released_by_another(told):
    buttons = told.buttons
    buttons.hear("a", True)
    for _ in range(GONE_LOOKS - 1):
        buttons.look({"b"})
    buttons.look({"a", "b"})  # one look alone may be wrong
    buttons.look({"b"})
    buttons.hear("b", False)
    assert buttons.pressed
    for _ in range(GONE_LOOKS):
        buttons.look({"b"})
    assert buttons.pressed, "nobody has released it"
    buttons.hear("b", False)
    assert not buttons.pressed


def test_those_that_were_here_before_have_to_speak_each_for_itself(told):
    told.buttons.expect({"a": "hmi", "b": "wall"})
    assert told.waits_for == ["hmi", "wall"] and told.pressed == []
    told.buttons.hear("a", False)
    told.buttons.hear("c", False)
    assert told.waits_for == ["wall"]
    told.buttons.hear("b", True)
    assert told.waits_for == [] and told.pressed[-1] is True


def test_one_that_is_gone_is_not_waited_for(told):
    told.buttons.expect({"a": "hmi"})
    for _ in range(GONE_LOOKS):
        told.buttons.look(set())
    assert told.waits_for == []


def test_what_is_known_to_be_pressed_from_the_beginning_is_not_waited_for():
    told = Told(("a",))
    assert told.pressed == [True]
    told.buttons.expect({"a": "hmi"})
    assert told.waits_for == []


def test_another_gate_stops_this_one_and_presses_nothing(told):
    told.buttons.hear_other_gate()
    assert told.pressed == [True, False] and not told.buttons.pressed


def test_words_that_come_again_by_a_slower_way_count_once(told):
    buttons = told.buttons
    words = [(True, 1), (True, 2), (False, 3)]
    assert [buttons.hear("a", *word)[0] for word in words] == [True, False, False]
    heard = len(told.pressed)
    assert [buttons.hear("a", *word)[0] for word in words] == [False] * 3
    assert told.pressed[heard:] == [False] * 3, "it stays released"
    assert buttons.hear("a", True, 5)[0]
    buttons.hear("a", False, 4)
    assert buttons.pressed, "a release from before the press"


def test_a_press_that_comes_after_its_release_stops_all_the_same(told):
    buttons = told.buttons
    buttons.hear("a", False, 7)
    heard = len(told.pressed)
    assert buttons.hear("a", True, 6)[0]
    assert told.pressed[heard:] == [True, False] and not buttons.pressed


def test_numbers_of_buttons_that_are_gone_are_forgotten(told):
    buttons = told.buttons
    buttons.hear("a", False, 7)
    for _ in range(GONE_LOOKS):
        buttons.look(())
    assert buttons.hear("a", True, 1)[0] and buttons.pressed, "another one, with the same name"
