# SPDX-License-Identifier: Apache-2.0
"""Who presses the emergency stop: it is pressed as long as any button says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ami_ros.types import Verdict

SERVICE = "service"  # the button that is no publisher: it is always there, and never unheard
UNKNOWN = "topic"  # whoever sent what is no message: nobody can say which button that was
GONE_LOOKS = 10  # in a row without its publisher, after which a button is gone: one look alone may be wrong


class EstopButtons:
    """The buttons of one gate, each with its own last word.

    A button that reports "not pressed" releases no one but itself, and what nobody can release any more: the
    presses of buttons that are gone, and of what was no message. Buttons that were around when the gate began
    may have been pressed before: until each of them has spoken, or is gone, nothing moves.

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
        missing = {*self.pressed_by, *self._unheard} - {SERVICE, UNKNOWN, *here}
        self._missed = {button: self._missed.get(button, 0) + 1 for button in missing}
        self._wait_no_longer(self._gone)

    @property
    def _gone(self) -> set[str]:
        return {button for button, looks in self._missed.items() if looks >= GONE_LOOKS}

    def _wait_no_longer(self, buttons: Collection[str]) -> None:
        waited = len(self._unheard)
        self._unheard = {it: name for it, name in self._unheard.items() if it not in buttons}
        if len(self._unheard) < waited:
            self._hold(self._unheard.values())

    def hear(self, button: str, pressed: bool) -> tuple[bool, Verdict]:
        """Take what a button says; return whether that is a press which nobody knew of, and the verdict."""
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
