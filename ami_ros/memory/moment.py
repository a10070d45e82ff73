# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one planning cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import ImageArray

Floats = NDArray[np.float32]


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
