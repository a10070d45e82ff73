# SPDX-License-Identifier: Apache-2.0
"""The stored record of one planning cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.types import ImageArray, Observation, Reading

Floats = NDArray[np.float32]
LONGEST_NAME = 200  # characters


def is_name(text: str) -> bool:
    """Return whether a moment may have this name: digits alone are the number of a moment."""
    is_short = bool(text.strip()) and len(text) <= LONGEST_NAME
    return is_short and text.isprintable() and not text.isdecimal()


@dataclass(frozen=True, eq=False)
class Moment:
    """The sensor readings, the action begun, and the outcome.

    Attributes:
        stamp_ns: stamp of the observation.
        images: camera -> (S, S, 3) uint8 RGB, in the model's size.
        vectors: sensor -> (n,) in its units.
        state: (Z,) the model's encoding of them; None if it has not encoded them.
        action: (K A,) in [-1, 1], the action block that was begun; None for none.
        distance: distance to the goal, in control steps; None without a goal.
        surprise: 1 is rare; None if it was not measured.
        verdict: the gate's level at the time; "" if unknown.
    """

    stamp_ns: int
    images: Mapping[str, ImageArray]
    vectors: Mapping[str, Floats]
    state: Floats | None = None
    action: Floats | None = None
    distance: float | None = None
    surprise: float | None = None
    verdict: str = ""

    def observation(self) -> Observation:
        """Return the sensor readings as a new observation, in the model's image size."""
        seen: dict[str, NDArray[Any]] = {**self.images}
        seen |= {name: values.astype(np.float64) for name, values in self.vectors.items()}
        return Observation(
            {name: Reading(value, self.stamp_ns, self.stamp_ns) for name, value in seen.items()}, squared=True
        )


def sensed_moment(observation: Observation, sides: Mapping[str, int], vectors: Sequence[str]) -> Moment:
    """Return the moment of an observation, with nothing but the sensor readings.

    Args:
        observation: the readings; missing cameras are left out.
        sides: camera -> side of the image that the model sees, px.
        vectors: names of the vector sensors.
    """
    there = {name: side for name, side in sides.items() if name in observation.readings}
    return Moment(
        stamp_ns=observation.stamp_ns,
        images={name: _small(observation[name].value, side) for name, side in there.items()},
        vectors={name: observation[name].value.astype(np.float32) for name in vectors},
    )


def _small(image: ImageArray, side: int) -> ImageArray:
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


@dataclass(frozen=True)
class Episode:
    """Moments that follow one another without a break.

    Attributes:
        task: task that defines the cameras and channels.
        goal: name of the goal, for people.
        outcome: how it ended; "" while it goes on, or if the process was killed.
    """

    task: str
    goal: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Kind:
    """The common properties of comparable moments.

    Attributes:
        task: task of their episodes.
        model: SHA-256 of a model that encoded them; None if none did.
        surprises: whether the world surprised a model then.
    """

    task: str
    model: str | None
    surprises: bool


@dataclass(frozen=True, eq=False)
class Remembered:
    """A moment as the store holds it.

    Attributes:
        id: id of the moment, ascending.
        episode: number of its episode.
        moment: the moment; states are queried separately, by model.
        names: its names.
    """

    id: int
    episode: int
    moment: Moment
    names: tuple[str, ...] = ()
