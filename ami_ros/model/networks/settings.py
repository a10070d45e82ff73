# SPDX-License-Identifier: Apache-2.0
"""Settings of the world model's architecture: config/model.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting

ENCODERS = ("convolutional", "backbone")


@dataclass(frozen=True)
class ModelSettings:
    """Kinds and sizes of the networks."""

    encoder: str = setting("what turns an image into a latent", choices=ENCODERS)
    backbone_file: str = setting("TorchScript file of frozen features, for encoder: backbone")
    backbone_sha256: str = setting("SHA-256 of that file")
    image_size: int = setting("side of the square image that the encoder sees", ge=32, le=256, unit="px")
    latent_size: int = setting("size of the latent (D)", ge=8, le=1024)
    channels: tuple[int, ...] = setting("channels of the three convolutions", ge=4)
    keypoints: int = setting("points that the encoder follows", ge=1, le=256)
    encoder_hidden: int = setting("width of the encoder's fully connected layer", ge=16)
    shared_encoder: bool = setting("share one encoder among all cameras")
    predictor_hidden: int = setting("width of the predictor", ge=16)
    predictor_blocks: int = setting("residual blocks of the predictor", ge=1, le=16)
    vector_hidden: int = setting("width of the predictor's network for vectors; 0: none", ge=0)
    history: tuple[float, ...] = setting(
        "time constants of traces of the vectors, action blocks; none: the present reading is enough", ge=0.5
    )
    macro_blocks: int = setting("action blocks of a macro-action; 0: no coarse predictor", ge=0, le=100)
    macros: int = setting("macro-actions of the coarse predictor", ge=1, le=4096)
    inverse_hidden: int = setting("width of the inverse model", ge=16)
    reading_hidden: int = setting(
        "width of what reads vectors off goal pictures; 0: there is none", ge=0, le=4096
    )
    stillness: bool = setting("pictures that stand still while the joints move count as surprising motion")
    appearance_channels: tuple[int, ...] = setting(
        "channels of the two convolutions that judge whether an image is familiar", ge=4
    )
    appearance_hidden: int = setting("width of the layer that judges that", ge=4)
    disagreement_heads: int = setting(
        "heads whose disagreement estimates the uncertainty of a prediction", ge=2, le=64
    )
    disagreement_hidden: int = setting("width of each of these heads", ge=4)
    disagreement_size: int = setting("numbers that each of these heads predicts", ge=1)
    temporal_hidden: int = setting("width of the temporal distance", ge=16)
    temporal_size: int = setting("half the size of the temporal distance's embedding", ge=4)

    def __post_init__(self) -> None:
        if self.image_size % 4:  # `Appearance` halves the image twice
            below = self.image_size // 4 * 4
            raise ConfigError(
                f"image_size: got {self.image_size}, expected a multiple of 4, as {below} or {below + 4}"
            )
        if len(self.channels) != 3:
            raise ConfigError(f"channels: got {list(self.channels)}, expected three numbers")
        if len(self.appearance_channels) != 2:
            raise ConfigError(
                f"appearance_channels: got {list(self.appearance_channels)}, expected two numbers"
            )
        if self.encoder == "backbone" and not (self.backbone_file and self.backbone_sha256):
            raise ConfigError(
                f"encoder: backbone: got backbone_file {self.backbone_file!r} and backbone_sha256 "
                f"{self.backbone_sha256!r}, expected both (see ami_ros/model/networks/backbone.py), "
                "or encoder: convolutional"
            )
