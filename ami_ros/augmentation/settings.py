# SPDX-License-Identifier: Apache-2.0
"""config/augmentation.yaml: how recordings are augmented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ami_ros.settings.fields import load_settings, setting
from ami_ros.settings.share import config_path


@dataclass(frozen=True)
class AugmentationSettings:
    """config/augmentation.yaml."""

    looks: int = setting("varied copies of each recorded episode", ge=0, le=100)
    double_exposures: int = setting("looks in which moments are shown next to the plain one", ge=0)
    oddities: int = setting("moments that are shown beyond the training range", ge=0)
    event_pairs: int = setting("impossible events of each kind", ge=0)
    event_steps: int = setting("control steps of a clip with an event", ge=12)
    field_of_view_deg: float = setting("of the camera, horizontal", gt=1.0, lt=179.0, unit="deg")
    distance_m: float = setting("from the camera to what it looks at", gt=0.0, unit="m")
    foreground_levels: int = setting("what differs by more from the usual picture moves", ge=1, le=255)
    seed: int = setting("of all that is drawn", ge=0)


def load_augmentation_settings(given: Mapping[str, Any] | None = None) -> AugmentationSettings:
    """Read config/augmentation.yaml with the given changes; None means "not given".

    Raises:
        ConfigError: unknown settings, or values out of range.
    """
    return load_settings(AugmentationSettings, config_path("augmentation.yaml"), given)
