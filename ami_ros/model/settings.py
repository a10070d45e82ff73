# SPDX-License-Identifier: Apache-2.0
"""Settings of the world model's architecture: config/model.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.config import load_settings, setting
from ami_ros.errors import ConfigError
from ami_ros.share import config_path


@dataclass(frozen=True)
class ModelSettings:
    """Sizes of the networks."""

    image_size: int = setting("side of the square image that the encoder sees", ge=32, le=256, unit="px")
    latent_size: int = setting("size of the latent (D)", ge=8, le=1024)
    channels: tuple[int, ...] = setting("channels of the three convolutions", ge=4)
    encoder_hidden: int = setting("width of the encoder's fully connected layer", ge=16)
    predictor_hidden: int = setting("width of the predictor", ge=16)
    predictor_blocks: int = setting("residual blocks of the predictor", ge=1, le=16)
    inverse_hidden: int = setting("width of the inverse model", ge=16)

    def __post_init__(self) -> None:
        if len(self.channels) != 3:
            raise ConfigError(f"channels: got {list(self.channels)}, expected three numbers")


def load_model_settings(overrides: dict[str, object] | None = None) -> ModelSettings:
    """Read config/model.yaml. Raises ConfigError."""
    return load_settings(ModelSettings, config_path("model.yaml"), overrides)
