# SPDX-License-Identifier: Apache-2.0
"""Who presses the emergency stop: it is pressed as long as any button reports it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from ami_ros.types import Verdict

SERVICE = "service"  # the button that is no publisher: always present, never silent
UNKNOWN = "topic"  # sender of an unreadable message: the button is unknown
GONE_LOOKS = 10  # in a row without its publisher, then a button is gone: a single look may be wrong


class _Numbers(NamedTuple):
    """The numbers of a button's newest word and of its newest press."""

    word: int = -1
    press: int = -1

    def after(self, pressed: bool, number: int) -> _Numbers:
        return _Numbers(max(self.word, number), max(self.press, number) if pressed else self.press)


class EstopButtons:
    """The buttons of one gate, each with its own last word.

    A button that reports "not pressed" releases only itself, and presses without an owner: those of buttons
    that are gone, and of unreadable messages. Buttons that existed before the gate started may have been
    pressed before: until each of them has reported, or is gone, nothing moves.

    The words of a button may arrive twice, and on the slower path long after newer ones. Numbered words count
    once each: a press even when it is late, a release only when it is the newest word.

    Args:
        press: passes to the gate whether the stop is pressed, and returns its verdict.
        hold: passes to the gate which buttons keep it from moving: those that have not reported yet.
        pressed_by: buttons that are pressed from the beginning.

    Attributes:
        pressed_by: buttons that are pressed now.
    """

    def __init__(
        self,
        press: Callable[[bool], Verdict],
        hold: Callable[[Collection[str]], None],
        pressed_by: Collection[str] = (),
    ) -> None:
        self._press, self._hold = press, hold
        self.pressed_by = set(pressed_by)
        self._unheard: dict[str, str] = {}
        self._numbers: dict[str, _Numbers] = {}
        self._missed: dict[str, int] = {}  # button -> consecutive looks without its publisher
        if self.pressed_by:
            press(True)

    @property
    def pressed(self) -> bool:
        """Whether any button is pressed."""
        return bool(self.pressed_by)

    def expect(self, buttons: Mapping[str, str]) -> None:
        """Hold until each of these buttons, older than the gate, has reported; with names for people."""
        self._unheard |= {it: name for it, name in buttons.items() if it not in self.pressed_by}
        self._hold(self._unheard.values())

    def look(self, here: Collection[str]) -> None:
        """Note which buttons are present; call it a few times a second."""
        missing = {*self.pressed_by, *self._unheard, *self._numbers} - {SERVICE, UNKNOWN, *here}
        self._missed = {button: self._missed.get(button, 0) + 1 for button in missing}
        self._wait_no_longer(self._gone)
        for button in self._gone:
            self._numbers.pop(button, None)

    @property
    def _gone(self) -> set[str]:
        return {button for button, looks in self._missed.items() if looks >= GONE_LOOKS}

    def _wait_no_longer(self, buttons: Collection[str]) -> None:
        waited = len(self._unheard)
        self._unheard = {it: name for it, name in self._unheard.items() if it not in buttons}
        if len(self._unheard) < waited:
            self._hold(self._unheard.values())

    def hear(self, button: str, pressed: bool, number: int | None = None) -> tuple[bool, Verdict]:
        """Handle a button's report; return whether it is a new press, and the verdict.

        Args:
            button: the sender.
            pressed: whether it is pressed.
            number: of this word among those of the button, larger than of any before; None if unknown.
        """
        if number is not None:
            numbers = self._numbers.get(button, _Numbers())
            self._numbers[button] = numbers.after(pressed, number)
            if number <= (numbers.press if pressed else numbers.word):
                return False, self._press(self.pressed)
            if number < numbers.word:  # a late press, which was released since
                self._press(True)
                return True, self._press(self.pressed)
        is_new = pressed and (button == SERVICE or button not in self.pressed_by)
        if pressed:
            self.pressed_by.add(button)
        else:
            self.pressed_by.discard(button)
            if button != SERVICE:
                self.pressed_by -= {UNKNOWN, *self._gone}
        self._wait_no_longer({button})
        return is_new, self._press(self.pressed)

    def hear_other_gate(self) -> None:
        """Stop because another gate was pressed; this gate cannot release that one."""
        self._press(True)
        self._press(self.pressed)
