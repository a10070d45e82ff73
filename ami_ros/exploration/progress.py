# SPDX-License-Identifier: Apache-2.0
"""The reported progress of an exploration."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """The state of an exploration at one moment; published by name on goal_status.

    Attributes:
        body: share of the cells of the body's space that were visited, slowly and fast.
        views: number of new images.
        moved_s: time in motion, earlier sessions included, s.
        left_s: remaining time in motion in this session, s.
        episodes: number of stretches of motion between stops, from 1 on.
        contacts: how often it was blocked and went another way.
        finished: 1 when exploration is complete, and it holds.
        body_growth: growth of `body` within the last minute; None before the first minute.
        view_growth: share of `views` from the last minute; None before the first one, and without a camera.
    """

    body: float
    views: float
    moved_s: float
    left_s: float
    episodes: float
    contacts: float
    finished: float
    body_growth: float | None = None
    view_growth: float | None = None

    def numbers(self) -> dict[str, float]:
        """Return the known values, by name."""
        return {name: float(value) for name, value in vars(self).items() if value is not None}

    @classmethod
    def of_numbers(cls, numbers: dict[str, float]) -> Progress:
        """Return the progress from the result of `numbers`; without any, nothing was explored."""
        known = {field.name for field in dataclasses.fields(cls)}
        needed = {
            field.name: 0.0 for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING
        }
        return cls(**{**needed, **{name: value for name, value in numbers.items() if name in known}})
