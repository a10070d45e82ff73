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

    minutes: float = setting("time in motion after which exploration ends", gt=0.0, le=100_000.0, unit="min")
    least_growth: float = setting(
        "new share of body and camera coverage per minute below which exploration ends; 0: never",
        ge=0.0,
        le=1.0,
    )
    speed: float = setting("share of the largest speed, in unvisited cells", gt=0.0, le=1.0)
    top_speed: float = setting("the same, once all cells are visited; at least `speed`", gt=0.0, le=1.0)
    pull: float = setting("pull toward the least visited cells, share of that speed", ge=0.0, le=1.0)
    wander: float = setting("std of the random motion, share of that speed", ge=0.0, le=3.0)
    correlation_s: float = setting("correlation time of the random motion", gt=0.0, le=100.0, unit="s")
    turn_s: float = setting("least time to a border at the current speed", gt=0.0, le=10.0, unit="s")
    margin: float = setting(
        "border that it does not enter, share of the width of the explored space", ge=0.0, lt=0.5
    )
    ahead_s: float = setting("length of a proposal", gt=0.0, le=5.0, unit="s")
    cells: int = setting("cells along each axis of the explored space", ge=2, le=64)
    costly: float = setting("visits that an unreachable cell counts for", ge=0.0, le=1000.0)
    patience_s: float = setting(
        "time toward a cell after which it counts as unreachable", gt=0.0, le=600.0, unit="s"
    )
    view_radius: float = setting(
        "difference from all earlier images above which an image is new, RMS of small grey images",
        gt=0.0,
        le=255.0,
    )
    most_views: int = setting("new images kept per camera", ge=1, le=100_000)
    contact_s: float = setting("time over which commands and motion are compared", gt=0.0, le=10.0, unit="s")
    contact_gap: float = setting(
        "gap between joints and command that counts as a contact; raise it for a lagging controller",
        gt=0.0,
        le=10.0,
        unit="rad|m",
    )
    contact_way: float = setting(
        "least commanded way in that time for a comparison", gt=0.0, le=10.0, unit="rad|m"
    )
    contact_share: float = setting(
        "share of the commanded way below which motion counts as a contact", ge=0.0, le=1.0
    )
    back_off_s: float = setting("time of backing off after a contact", ge=0.0, le=60.0, unit="s")
    reach: float = setting(
        "share of their ranges that set points go from the operating point at first; later all of it",
        gt=0.0,
        le=1.0,
    )
    keep_steps: float = setting(
        "least time for which a step of set points is kept", ge=1.0, le=100_000.0, unit="control steps"
    )
    keep_turns: float = setting(
        "the same, times the longest turn_s of the sensors' envelopes", ge=0.0, le=1000.0
    )
    sines: float = setting(
        "size of the multi-sine on every other step of set points, share of their ranges", ge=0.0, le=1.0
    )
    border: float = setting(
        "distance to a border of an envelope at which set points go back, share of the band's width",
        gt=0.0,
        lt=0.5,
    )
    seed: int = setting("seed of the random motion", ge=0)

    @property
    def fastest(self) -> float:
        """The larger of both speeds."""
        return max(self.speed, self.top_speed)


def load_explorer_settings(overrides: Mapping[str, object] | None = None) -> ExplorerSettings:
    """Read config/explorer.yaml, then `overrides`. Raises ConfigError."""
    return load_settings(ExplorerSettings, config_path("explorer.yaml"), overrides)
