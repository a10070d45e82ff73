# SPDX-License-Identifier: Apache-2.0
"""Inputs of a world model: cameras and vectors by name, and their places in the state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VectorInput:
    """A sensor that measures numbers.

    Attributes:
        name: of the sensor.
        size: how many numbers.
        positions: how many of them, from the first on, a goal sets; the others, for joints, are velocities.
    """

    name: str
    size: int
    positions: int

    @property
    def is_joints(self) -> bool:
        """Whether the numbers are positions followed by as many velocities."""
        return self.size == 2 * self.positions


@dataclass(frozen=True)
class Inputs:
    """The sensors of a world model.

    Attributes:
        cameras: their names, in the order of the latents.
        vectors: the vectors, in the order of their numbers.
    """

    cameras: tuple[str, ...]
    vectors: tuple[VectorInput, ...]

    @property
    def vector_size(self) -> int:
        """Numbers of all vectors together (V)."""
        return sum(vector.size for vector in self.vectors)


@dataclass(frozen=True)
class Layout:
    """The layout of a state (Z,): the latent of each camera (D), every vector, then traces of the vectors.

    The *views* describe the world and determine the distance to a goal. They are the latents of the cameras,
    or without cameras all vectors together. The views form the core, which is the front of the state.

    Args:
        inputs: the sensors.
        latent_size: D.
        all_shown: whether pictures show every vector, not only joints.
        history: time constants (H) of the traces, action blocks, see `Traces`.
    """

    inputs: Inputs
    latent_size: int
    all_shown: bool = False
    history: tuple[float, ...] = ()

    @property
    def vectors_at(self) -> int:
        """Index of the first vector number."""
        return len(self.inputs.cameras) * self.latent_size

    @property
    def traces_at(self) -> int:
        """Index of the first number of a trace."""
        return self.vectors_at + self.inputs.vector_size

    @property
    def state_size(self) -> int:
        """Numbers of a state (Z)."""
        return self.traces_at + len(self.history) * self.inputs.vector_size

    @property
    def views(self) -> int:
        """Number of views (W)."""
        return max(1, len(self.inputs.cameras))

    @property
    def view_size(self) -> int:
        """Numbers per view."""
        return self.latent_size if self.inputs.cameras else self.inputs.vector_size

    @property
    def core_size(self) -> int:
        """Numbers of all views together (F)."""
        return self.views * self.view_size

    @property
    def postures(self) -> list[tuple[int, int]]:
        """Begin and end of the positions among the vectors that images also show; empty without."""
        pairs = zip(self.goals, self.inputs.vectors, strict=True)
        shown = [pair for pair, vector in pairs if vector.is_joints or self.all_shown]
        return shown if self.inputs.cameras else []

    @property
    def goals(self) -> list[tuple[int, int]]:
        """Begin and end of the numbers that a goal may set, for each vector."""
        vectors = self.inputs.vectors
        starts = [sum(vector.size for vector in vectors[:index]) for index in range(len(vectors))]
        return [(start, start + vector.positions) for start, vector in zip(starts, vectors, strict=True)]

    @property
    def posture_size(self) -> int:
        """Number of positions that an image shows (P)."""
        return sum(stop - start for start, stop in self.postures)
