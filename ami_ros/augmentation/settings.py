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
    double_exposures: int = setting("looks of shown moments, besides the plain one", ge=0)
    oddities: int = setting("moments shown beyond the training range", ge=0)
    event_pairs: int = setting("impossible events of each kind", ge=0)
    event_steps: int = setting("control steps of a clip with an event", ge=12)
    field_of_view_deg: float = setting("horizontal field of view of the camera", gt=1.0, lt=179.0, unit="deg")
    distance_m: float = setting("distance from the camera to what it looks at", gt=0.0, unit="m")
    foreground_levels: int = setting(
        "difference from the usual picture above which a pixel counts as moving", ge=1, le=255
    )
    seed: int = setting("seed of all random choices", ge=0)


def load_augmentation_settings(given: Mapping[str, Any] | None = None) -> AugmentationSettings:
    """Read config/augmentation.yaml with the given changes; None means "not given".

    Raises:
        ConfigError: unknown settings, or values out of range.
    """
    return load_settings(AugmentationSettings, config_path("augmentation.yaml"), given)
