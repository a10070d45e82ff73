# SPDX-License-Identifier: Apache-2.0
"""The memory interface of a planner. `ami_ros.memory.experience` implements it."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

Numbers = NDArray[Any]


class Experience(Protocol):
    """Past moments as the planner's model sees them; points are those of `ami_ros.model.points`.

    Attributes:
        dreaded: (C, Z) states in which the world surprised the model, or the gate stopped the robot.
    """

    dreaded: Numbers

    def refresh(self) -> None:
        """Load the moments that were stored since the last call."""

    def way(self, start: Numbers, goal: Numbers) -> Any | None:
        """Return the shortest travelled route between two points (P,); None if none is known."""

    def states_of(self, way: Any) -> Numbers:
        """Return the states (R, Z) along a route."""

    def fail(self, way: Any, place: int) -> None:
        """Record that one place of a route was not reached."""

    def forgive(self) -> None:
        """Forget all failures."""

    def candidates(self, here: Numbers, goal: Numbers, count: int, blocks: int) -> list[Numbers]:
        """Return action blocks (T, K A) that led from places like `here` (P,) to goals like `goal` (P,)."""
