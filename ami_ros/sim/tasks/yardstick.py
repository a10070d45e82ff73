# SPDX-License-Identifier: Apache-2.0
"""How the error of a task is shown to people, and how small it must be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """An error that counts as success.

    Attributes:
        error: the largest.
        suffix: of the figures about it, such as success_5cm; empty where there is only one.
        text: for people, after "within".
    """

    error: float
    suffix: str
    text: str

    def figure(self, name: str) -> str:
        """Return the name of a figure about it."""
        return f"{name}_{self.suffix}" if self.suffix else name


@dataclass(frozen=True)
class Yardstick:
    """A property of the task, which expresses all its errors.

    Attributes:
        quantity: what an error is.
        unit: in which it is expressed.
        per_error: units in an error of 1.
        thresholds: what counts as success, the loosest first.
    """

    quantity: str
    unit: str
    per_error: float
    thresholds: tuple[Threshold, ...]

    @property
    def loosest(self) -> Threshold:
        """What counts as reached."""
        return self.thresholds[0]

    @property
    def strictest(self) -> Threshold:
        """What counts as reached closely."""
        return self.thresholds[-1]

    @property
    def near(self) -> str:
        """The loosest threshold in the names of figures about the approach, such as steps_to_5cm."""
        return self.loosest.suffix or "success"

    def text(self, error: float) -> str:
        """Return an error for people."""
        return f"{error * self.per_error:.1f} {self.unit}"


METRES = Yardstick(
    "distance", "cm", 100.0, tuple(Threshold(near / 100, f"{near}cm", f"{near} cm") for near in (5, 3, 2))
)
TOLERANCES = Yardstick("difference", "tolerances", 1.0, (Threshold(1.0, "", "tolerance"),))
