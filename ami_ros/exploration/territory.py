# SPDX-License-Identifier: Apache-2.0
"""The space to explore of a body: its place, the outcome of its actions, and their bounds."""

from __future__ import annotations

from typing import Protocol

from ami_ros.exploration.cells import Cells
from ami_ros.types import FloatArray, Observation


class Territory(Protocol):
    """The space of one body (D axes), and the speeds of its action channels (A).

    Attributes:
        cells: cells of the space with their visits.
        fastest: (A,) bound of each speed.
        sensor: name of the sensor of the place; "" without one.
    """

    cells: Cells
    fastest: FloatArray
    sensor: str

    def place(self, observation: Observation) -> FloatArray:
        """Return the place of the body (D,).

        Raises:
            ObservationError: the observation lacks the sensor of the place.
        """

    def ahead(self, place: FloatArray, way: FloatArray) -> FloatArray:
        """Return the end of a way (A,) of the channels from a place (D,)."""

    def ways(self, place: FloatArray, axes: list[int], centres: FloatArray) -> FloatArray:
        """Return the distances of places (N, k), given on some axes, from one (D,): 1 is across."""

    def toward(self, place: FloatArray, target: FloatArray) -> FloatArray:
        """Return the speeds (A,) from a place to a target (D,), whose NaN axes are free."""

    def turned_back(self, place: FloatArray, speeds: FloatArray) -> FloatArray:
        """Return speeds (A,) that do not reach the border too soon."""

    def actions(self, place: FloatArray, speeds: FloatArray, steps: int) -> FloatArray:
        """Return actions (steps, A) in the channels' units at these speeds, slower near the border."""
