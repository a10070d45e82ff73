# SPDX-License-Identifier: Apache-2.0
"""What a planner may ask of a memory. `ami_ros.memory.experience` implements it."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

Numbers = NDArray[Any]


class Experience(Protocol):
    """Moments of the past, as the planner's model sees them; points are those of `ami_ros.model.points`.

    Attributes:
        dreaded: (C, Z) states in which the world surprised the model, or the gate stopped the robot.
    """

    dreaded: Numbers

    def refresh(self) -> None:
        """Take in what was remembered since."""

    def way(self, start: Numbers, goal: Numbers) -> Any | None:
        """Return the shortest way that was travelled between two points (P,); None when none is known."""

    def states_of(self, way: Any) -> Numbers:
        """Return the states (R, Z) to pass on a way."""

    def fail(self, way: Any, place: int) -> None:
        """Hear that one place of a way was not reached."""

    def forgive(self) -> None:
        """Forget what was not reached."""

    def candidates(self, here: Numbers, goal: Numbers, count: int, blocks: int) -> list[Numbers]:
        """Return action blocks (T, K A) that led from places like here (P,) toward goals like this (P,)."""
