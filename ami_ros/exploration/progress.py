# SPDX-License-Identifier: Apache-2.0
"""How far an exploration has come, as it is told."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One moment of an exploration; as numbers by name it travels on goal_status.

    Attributes:
        body: share of the cells of the body's space that were visited, slowly and fast.
        views: images that were new.
        moved_s: time in motion, earlier sessions included, s.
        left_s: time in motion that this session has left, s.
        episodes: stretches of motion between stops, from 1 on.
        contacts: how often it was held back and went another way.
        finished: 1 when it has explored enough, and holds.
        body_growth: how much of `body` is new within the last minute; None before a minute.
        view_growth: share of the images that are new within the last minute; None before, without a camera.
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
        """Return those that are known, by name."""
        return {name: float(value) for name, value in vars(self).items() if value is not None}

    @classmethod
    def of_numbers(cls, numbers: dict[str, float]) -> Progress:
        """Return what `numbers` returned; without any, nothing was explored."""
        known = {field.name for field in dataclasses.fields(cls)}
        needed = {
            field.name: 0.0 for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING
        }
        return cls(**{**needed, **{name: value for name, value in numbers.items() if name in known}})
