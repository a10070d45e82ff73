# SPDX-License-Identifier: Apache-2.0
"""Who presses the emergency stop: it is pressed as long as any button says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from ami_ros.types import Verdict

SERVICE = "service"  # the button that is no publisher: it is always there, and never unheard
UNKNOWN = "topic"  # whoever sent what is no message: nobody can say which button that was
GONE_LOOKS = 10  # in a row without its publisher, after which a button is gone: one look alone may be wrong


class _Numbers(NamedTuple):
    """Those of the newest word of a button, and of its newest press."""

    word: int = -1
    press: int = -1

    def after(self, pressed: bool, number: int) -> _Numbers:
        return _Numbers(max(self.word, number), max(self.press, number) if pressed else self.press)


class EstopButtons:
    """The buttons of one gate, each with its own last word.

    A button that reports "not pressed" releases no one but itself, and what nobody can release any more: the
    presses of buttons that are gone, and of what was no message. Buttons that were around when the gate began
    may have been pressed before: until each of them has spoken, or is gone, nothing moves.

    The words of a button may come twice, and by the slower way long after newer ones. Where they are
    numbered, each counts once: a press also when it comes late, a release only when it is the newest word.

    Args:
        press: tells the gate whether it is pressed, and returns what it says.
        hold: tells the gate whose buttons keep it from moving: those that have not spoken yet.
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
        self._missed: dict[str, int] = {}  # button -> looks in a row that have not found its publisher
        if self.pressed_by:
            press(True)

    @property
    def pressed(self) -> bool:
        """Whether any button is pressed."""
        return bool(self.pressed_by)

    def expect(self, buttons: Mapping[str, str]) -> None:
        """Hold until each of these has spoken, which were here before the gate; with names for people."""
        self._unheard |= {it: name for it, name in buttons.items() if it not in self.pressed_by}
        self._hold(self._unheard.values())

    def look(self, here: Collection[str]) -> None:
        """Note which buttons are there; call it a few times a second."""
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
        """Take what a button says; return whether that is a press which nobody knew of, and the verdict.

        Args:
            button: says it.
            pressed: whether it is pressed.
            number: of this word among those of the button, larger than of any before; None if unknown.
        """
        if number is not None:
            numbers = self._numbers.get(button, _Numbers())
            self._numbers[button] = numbers.after(pressed, number)
            if number <= (numbers.press if pressed else numbers.word):
                return False, self._press(self.pressed)
            if number < numbers.word:  # pressed and released since, and only now is the press heard
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
        """Stop because another gate was pressed; to release that one is not our business."""
        self._press(True)
        self._press(self.pressed)
