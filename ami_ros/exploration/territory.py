# SPDX-License-Identifier: Apache-2.0
"""What there is to explore of a body: where it is, where its actions lead, and where they must not."""

from __future__ import annotations

from typing import Protocol

from ami_ros.exploration.cells import Cells
from ami_ros.types import FloatArray, Observation


class Territory(Protocol):
    """The space of one body (D axes), and the speeds of its action channels (A).

    Attributes:
        cells: of the space, as they were visited.
        fastest: (A,) bound of each speed.
        sensor: name of the sensor that tells the place; "" where none does.
    """

    cells: Cells
    fastest: FloatArray
    sensor: str

    def place(self, observation: Observation) -> FloatArray:
        """Return where the body is (D,).

        Raises:
            ObservationError: the observation lacks the sensor that says so.
        """

    def ahead(self, place: FloatArray, way: FloatArray) -> FloatArray:
        """Return where a way (A,) of the channels leads to from a place (D,)."""

    def ways(self, place: FloatArray, axes: list[int], centres: FloatArray) -> FloatArray:
        """Return how far places (N, k), of which some axes are given, are from one (D,): 1 is across."""

    def toward(self, place: FloatArray, target: FloatArray) -> FloatArray:
        """Return the speeds (A,) that lead from a place to a target (D,), whose NaN axes are free."""

    def turned_back(self, place: FloatArray, speeds: FloatArray) -> FloatArray:
        """Return speeds (A,) that do not reach the border too soon."""

    def actions(self, place: FloatArray, speeds: FloatArray, steps: int) -> FloatArray:
        """Return actions (steps, A) in the channels' units, with these speeds, and before the border less."""
