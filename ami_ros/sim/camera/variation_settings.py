# SPDX-License-Identifier: Apache-2.0
"""config/variation.yaml: how much differs from one episode to the next for a camera."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.settings.fields import load_settings, setting
from ami_ros.settings.share import config_path


@dataclass(frozen=True)
class VariationSettings:
    """config/variation.yaml: the largest variation of every kind, as seen in training."""

    clean_share: float = setting("share of recorded episodes without variation", ge=0.0, le=1.0)
    share: float = setting("probability of each kind in a varied episode", ge=0.0, le=1.0)
    light_tilt_deg: float = setting("largest turn of the light", ge=0.0, le=90.0, unit="deg")
    light_strength: float = setting("largest change of ambient and diffuse light", ge=0.0, le=0.3)
    light_tint: float = setting("largest change per channel of the light's colour", ge=0.0, lt=0.5)
    scenery_tint: float = setting("largest change per channel of table and wall", ge=0.0, lt=1.0)
    object_tint: float = setting("largest change per channel of links and objects", ge=0.0, lt=1.0)
    texture_contrast: float = setting("largest depth of patterns on table and wall", ge=0.0, le=1.0)
    camera_position: float = setting("largest shift of the camera", ge=0.0, le=1.0, unit="m")
    camera_rotation_deg: float = setting("largest turn and roll of the camera", ge=0.0, le=45.0, unit="deg")
    exposure_stops: float = setting("largest change of exposure", ge=0.0, le=3.0, unit="stops")
    exposure_gamma: float = setting("largest change of the tone curve's exponent", ge=0.0, lt=0.5)
    white_balance: float = setting("largest change of the red and blue gain", ge=0.0, lt=0.5)
    noise_std: float = setting("largest sensor noise", ge=0.0, le=64.0, unit="grey levels")
    blur_sigma: float = setting("largest blur", ge=0.0, le=10.0, unit="px")
    jpeg_loss: float = setting("largest loss of JPEG quality, from 100", ge=0.0, le=96.0)


def load_variation_settings() -> VariationSettings:
    """Read config/variation.yaml. Raises ConfigError."""
    return load_settings(VariationSettings, config_path("variation.yaml"))
