# SPDX-License-Identifier: Apache-2.0
"""The buttons of an e-stop around gates, and what each of them said last: worked out without the gate's code."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from ami_ros.safety.gate.estop_buttons import SERVICE, EstopButtons
from ami_ros.safety.gate.gate import Gate
from ami_ros.system.backlog import Backlog

LATCHING = ("wall", "pendant")  # their last word is there for who comes later
SILENT = ("phone",)  # has to say it again
FLOOD = 30  # messages between two ticks: more than any queue that all buttons would share
MOST = 10  # messages in such a queue
SLOW = 7  # ticks by which the same words come again, by another way
Word = tuple[str, bool, int]  # button, whether it is pressed, and the word's number


class Panel:
    """Delivers what buttons say to all gates, once a tick, and knows who is pressed.

    Attributes:
        unheard: buttons that were there when the gates began, and have not spoken since.
    """

    def __init__(self) -> None:
        self._number = 0  # of the last word; of all buttons together, and so of each
        self._words: dict[str, bool] = {}
        self._is_pressed_by_service = False
        self.unheard: set[str] = set()

    def connect(self, gates: Sequence[Gate], now_ns: Callable[[], int]) -> None:
        """Begin with gates that have heard nothing; latching buttons say their last word again."""
        self._gates = [
            EstopButtons(lambda pressed, gate=gate: gate.estop(pressed, now_ns()), gate.hold_for_buttons)
            for gate in gates
        ]
        self._backlog: Backlog[Word] = Backlog(MOST, key=lambda word: word[:2])
        self._slow: deque[list[Word]] = deque([[]] * SLOW)
        self._new_press = self._is_pressed_by_service = False
        self.unheard = set(self._words)
        for buttons in self._gates:
            buttons.expect({name: name for name in self._words})
        # The last word of one that is pressed comes first: what others say must not hide it.
        for name in sorted(self.unheard & set(LATCHING), key=lambda name: not self._words[name]):
            self.say(name, self._words[name])

    @property
    def pressed(self) -> bool:
        """Whether any button is pressed, as far as it could be heard."""
        known = {name: word for name, word in self._words.items() if name not in self.unheard}
        return self._is_pressed_by_service or any(known.values())

    def say(self, button: str, pressed: bool, times: int = 1) -> None:
        """Let a button speak; it is heard at the next tick."""
        for _ in range(times):
            self._words[button] = pressed
            self._new_press |= pressed
            self._number += 1
            self._backlog.add((button, pressed, self._number))

    def release_all(self) -> None:
        """Let every button say that it is not pressed."""
        for button in self._words:
            self.say(button, False)

    def repeat_all(self) -> None:
        """Let every button say its last word again."""
        for button, word in list(self._words.items()):
            self.say(button, word)

    def deliver(self) -> bool:
        """Let the gates hear what was said since the last tick; return whether a press was among it."""
        words = self._backlog.empty()
        self._slow.append(words)
        for button, pressed, number in (*words, *self._slow.popleft()):
            self.unheard.discard(button)
            for buttons in self._gates:
                buttons.hear(button, pressed, number)
        pressed, self._new_press = self._new_press, False
        return pressed

    @property
    def is_known(self) -> bool:
        """Whether each gate knows what was heard so far."""
        return all(buttons.pressed == self.pressed for buttons in self._gates)

    def call(self, pressed: bool) -> bool:
        """Press or release by the service, which takes effect at once; return whether that is a press."""
        self._is_pressed_by_service = pressed
        for buttons in self._gates:
            buttons.hear(SERVICE, pressed)
        return pressed
