# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one planning cycle."""

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
    """Return whether a moment may be called so: digits alone are the number of one."""
    is_short = bool(text.strip()) and len(text) <= LONGEST_NAME
    return is_short and text.isprintable() and not text.isdecimal()


@dataclass(frozen=True, eq=False)
class Moment:
    """What was sensed, what was begun, and what came of it.

    Attributes:
        stamp_ns: of the observation.
        images: camera -> (S, S, 3) uint8 RGB, as large as the model sees it.
        vectors: sensor -> (n,) in its units.
        state: (Z,) what the model made of them; None where it has not seen them.
        action: (K A,) in [-1, 1], the action block that was begun; None for none.
        distance: to the goal, in control steps; None without a goal.
        surprise: 1 is rare; None where nothing judged it.
        verdict: the gate's level when it was remembered; "" where it is not known.
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
        """Return what was sensed, as if it came now and as large as the model sees it."""
        seen: dict[str, NDArray[Any]] = {**self.images}
        seen |= {name: values.astype(np.float64) for name, values in self.vectors.items()}
        return Observation(
            {name: Reading(value, self.stamp_ns, self.stamp_ns) for name, value in seen.items()}, squared=True
        )


def sensed_moment(observation: Observation, sides: Mapping[str, int], vectors: Sequence[str]) -> Moment:
    """Return the moment of an observation, with nothing in it but what was sensed.

    Args:
        observation: cameras that it lacks are left out.
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
        task: whose cameras and channels these are.
        goal: its name, for people.
        outcome: how it ended; "" while it goes on, or when the process was killed.
    """

    task: str
    goal: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Kind:
    """What moments have in common that can be compared with each other.

    Attributes:
        task: of their episodes.
        model: SHA-256 of one that made states of them; None where none did.
        surprises: whether the world surprised a model then.
    """

    task: str
    model: str | None
    surprises: bool


@dataclass(frozen=True, eq=False)
class Remembered:
    """A moment as the store holds it.

    Attributes:
        id: of the moment, rising.
        episode: its number.
        moment: what it was; its state is asked for by model.
        names: that it was given.
    """

    id: int
    episode: int
    moment: Moment
    names: tuple[str, ...] = ()
