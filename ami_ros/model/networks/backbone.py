# SPDX-License-Identifier: Apache-2.0
"""Image to latent with a pretrained backbone: frozen features from a local file, and a small head on them.

The file is TorchScript: one module whose ``forward`` maps images (B, 3, S, S), float32 in [0, 1], to features
(B, F) or (B, N, F), here for DINO, on a machine that has its code and weights::

    class Features(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.vit = torch.hub.load("facebookresearch/dinov2", "dinov2_vits14").eval()
            self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
            self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

        def forward(self, images):  # the normalisation that these weights were trained with
            return self.vit((images - self.mean) / self.std)

    example = torch.zeros(1, 3, 112, 112)  # 8 x 8 patches of 14 px: image_size: 112 in config/model.yaml
    torch.jit.trace(Features().eval(), example).save("dinov2_vits14.pt")

A V-JEPA encoder works the same way: repeat the image to the number of frames that it expects. Then name the
file in config/model.yaml (``encoder: backbone``, ``backbone_file``, ``backbone_sha256`` as `sha256sum` prints
it). The features become part of model.pt, which no longer needs the file. Mind the licence of the weights.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ami_ros.errors import ModelFileError
from ami_ros.model.files import read_verified
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.scripted import load_scripted, reason


class BackboneEncoder(nn.Module):
    """Encodes camera images with frozen features and a trained head.

    Raises:
        ModelFileError: no such file, another SHA-256, or not a module as described above.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.backbone = load_backbone(Path(settings.backbone_file), settings.backbone_sha256)
        example = torch.zeros(2, 3, settings.image_size, settings.image_size)
        try:
            with torch.no_grad():
                features = self.backbone(example)
            size = features.flatten(1).shape[1] if len(features) == len(example) else 0
        except (RuntimeError, AttributeError, TypeError) as error:
            raise ModelFileError(
                f"{settings.backbone_file}: got an error for images {tuple(example.shape)} "
                f"({reason(error)}), expected features (B, F) or (B, N, F); set image_size in "
                "config/model.yaml to what it was made for"
            ) from error
        if not size:
            raise ModelFileError(
                f"{settings.backbone_file}: got features {tuple(features.shape)} for {len(example)} images, "
                "expected (B, F) or (B, N, F)"
            )
        self.head = nn.Sequential(
            nn.LayerNorm(size),
            nn.Linear(size, settings.encoder_hidden),
            nn.BatchNorm1d(settings.encoder_hidden),
            nn.SiLU(),
            nn.Linear(settings.encoder_hidden, settings.latent_size),
        )

    def train(self, mode: bool = True) -> BackboneEncoder:
        """Set the head's mode; the features stay as they are, even where training mode would change them."""
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Encode images (B, 3, S, S) in [0, 1] to latents (B, D)."""
        return self.head(torch.flatten(self.backbone(images), 1))


def load_backbone(path: Path, sha256: str) -> nn.Module:
    """Load frozen features after verifying the file: it is code.

    Raises:
        ModelFileError: missing, altered, or not loadable.
    """
    if not path.is_file():
        raise ModelFileError(f"{path}: no such backbone; expected the file that backbone_file names")
    module = load_scripted(read_verified(path, sha256), torch.device("cpu"))
    for weights in module.parameters():
        weights.requires_grad_(False)
    return module
