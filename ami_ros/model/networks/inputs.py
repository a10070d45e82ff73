# SPDX-License-Identifier: Apache-2.0
"""What a world model is given: cameras and vectors by name, and where each lies in the state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VectorInput:
    """A sensor that measures numbers.

    Attributes:
        name: of the sensor.
        size: how many numbers.
        positions: how many of them, counted from the first, a goal names; the others, of joints, are
            velocities.
    """

    name: str
    size: int
    positions: int

    @property
    def is_joints(self) -> bool:
        """Whether the numbers are positions and then as many velocities."""
        return self.size == 2 * self.positions


@dataclass(frozen=True)
class Inputs:
    """The sensors of a world model.

    Attributes:
        cameras: their names, in the order of the latents.
        vectors: in the order of their numbers.
    """

    cameras: tuple[str, ...]
    vectors: tuple[VectorInput, ...]

    @property
    def vector_size(self) -> int:
        """Numbers of all vectors together (V)."""
        return sum(vector.size for vector in self.vectors)


@dataclass(frozen=True)
class Layout:
    """How a state (Z,) is made up: the latent of each camera (D), then every vector.

    What says where the world is, and how far it is to a goal, are its *views*: the latent of each camera, or
    without any camera all vectors together. The views make up the core, which is the front of the state.

    Args:
        inputs: the sensors.
        latent_size: D.
    """

    inputs: Inputs
    latent_size: int

    @property
    def vectors_at(self) -> int:
        """Where the vectors begin."""
        return len(self.inputs.cameras) * self.latent_size

    @property
    def state_size(self) -> int:
        """Numbers of a state (Z)."""
        return self.vectors_at + self.inputs.vector_size

    @property
    def views(self) -> int:
        """Number of views (W)."""
        return max(1, len(self.inputs.cameras))

    @property
    def view_size(self) -> int:
        """Numbers of a view."""
        return self.latent_size if self.inputs.cameras else self.inputs.vector_size

    @property
    def core_size(self) -> int:
        """Numbers of all views together (F)."""
        return self.views * self.view_size

    @property
    def postures(self) -> list[tuple[int, int]]:
        """Begin and end of joint positions among the vectors, which images show, too; none without."""
        pairs = zip(self.goals, self.inputs.vectors, strict=True)
        return [pair for pair, vector in pairs if vector.is_joints and self.inputs.cameras]

    @property
    def goals(self) -> list[tuple[int, int]]:
        """Begin and end, among the vectors, of what a goal may speak of, for each vector."""
        vectors = self.inputs.vectors
        starts = [sum(vector.size for vector in vectors[:index]) for index in range(len(vectors))]
        return [(start, start + vector.positions) for start, vector in zip(starts, vectors, strict=True)]

    @property
    def posture_size(self) -> int:
        """How many joint positions an image shows (P)."""
        return sum(stop - start for start, stop in self.postures)
