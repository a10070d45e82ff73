# SPDX-License-Identifier: Apache-2.0
"""Settings of the explorer's motion and of its end: config/explorer.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ami_ros.settings.fields import load_settings, setting
from ami_ros.settings.share import config_path


@dataclass(frozen=True)
class ExplorerSettings:
    """Settings of the explorer; shares of speed refer to the range of the action channels."""

    minutes: float = setting("of motion until it has explored enough", gt=0.0, le=100_000.0, unit="min")
    least_growth: float = setting(
        "it ends when less than this share of body and camera coverage is new within a minute; 0: never",
        ge=0.0,
        le=1.0,
    )
    speed: float = setting(
        "share of the speed that actions can ask for, where it has not been", gt=0.0, le=1.0
    )
    top_speed: float = setting("the same, once it has been everywhere; not below `speed`", gt=0.0, le=1.0)
    pull: float = setting("toward where it has been least, share of that speed", ge=0.0, le=1.0)
    wander: float = setting("std of the random motion, share of that speed", ge=0.0, le=3.0)
    correlation_s: float = setting("for how long the random motion is alike", gt=0.0, le=100.0, unit="s")
    turn_s: float = setting("to a border at least, at any moment", gt=0.0, le=10.0, unit="s")
    margin: float = setting(
        "of the border that is not entered, share of the width of what is explored", ge=0.0, lt=0.5
    )
    ahead_s: float = setting("length of a proposal", gt=0.0, le=5.0, unit="s")
    cells: int = setting("along each axis of what is explored", ge=2, le=64)
    costly: float = setting("visits that a cell counts as which cannot be entered", ge=0.0, le=1000.0)
    patience_s: float = setting("on the way to a cell, then it counts as costly", gt=0.0, le=600.0, unit="s")
    view_radius: float = setting(
        "an image is new that differs from all before by more, RMS of small grey images", gt=0.0, le=255.0
    )
    most_views: int = setting("new images that are kept, per camera", ge=1, le=100_000)
    contact_s: float = setting("over which commands and motion are compared", gt=0.0, le=10.0, unit="s")
    contact_gap: float = setting(
        "a contact: joints are further from their command; more where a controller lags",
        gt=0.0,
        le=10.0,
        unit="rad|m",
    )
    contact_way: float = setting("commanded within that time, to be compared", gt=0.0, le=10.0, unit="rad|m")
    contact_share: float = setting("a contact: less of the commanded way was done", ge=0.0, le=1.0)
    back_off_s: float = setting("after a contact it goes back for so long", ge=0.0, le=60.0, unit="s")
    seed: int = setting("of the random motion", ge=0)

    @property
    def fastest(self) -> float:
        """The larger of both speeds."""
        return max(self.speed, self.top_speed)


def load_explorer_settings(overrides: Mapping[str, object] | None = None) -> ExplorerSettings:
    """Read config/explorer.yaml, then `overrides`. Raises ConfigError."""
    return load_settings(ExplorerSettings, config_path("explorer.yaml"), overrides)
