# SPDX-License-Identifier: Apache-2.0
"""Double exposures for training: scenes whose content must not depend on the look."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES, DoubleExposure
from ami_ros.errors import EpisodeError
from ami_ros.model.networks.inputs import Inputs
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.losses import alike_loss
from ami_ros.training.recorded import of_sensor
from ami_ros.types import ImageArray


@dataclass(frozen=True, eq=False)
class DoubleExposures:
    """L looks, each with N scenes photographed in it and in the plain look, by each camera (C).

    Attributes:
        varied: images (L, N, H, W, 3) uint8 of each camera, in the model's order.
        plain: images (L, N, H, W, 3) uint8 of each camera.
    """

    varied: Sequence[ImageArray]
    plain: Sequence[ImageArray]

    def __len__(self) -> int:
        """Number of looks."""
        return len(self.varied[0]) if self.varied else 0

    @property
    def sha256(self) -> str:
        """Hash of all images."""
        digest = hashlib.sha256()
        for images in (*self.varied, *self.plain):
            digest.update(images.tobytes())
        return digest.hexdigest()

    def draw(self, looks: int, generator: np.random.Generator) -> list[ImageArray]:
        """Return images (2, `looks`, N, H, W, 3) of each camera in random looks: varied, then plain."""
        chosen = generator.integers(len(self), size=looks)
        return [np.stack([v[chosen], p[chosen]]) for v, p in zip(self.varied, self.plain, strict=True)]


def read_double_exposures(
    paths: Sequence[Path], share: float, inputs: Inputs
) -> tuple[DoubleExposures, DoubleExposures]:
    """Read all and hold out the last `share` of the looks; return those for training and the others.

    Raises:
        EpisodeError: unreadable, or not all of one size.
        TrainingError: a camera is missing.
    """
    records = [DOUBLE_EXPOSURE_FILES.read(path) for path in paths] if inputs.cameras else []
    for path, record in zip(paths, records, strict=False):
        for camera in inputs.cameras:
            got, expected = (of_sensor(r.varied, camera).shape for r in (record, records[0]))
            if got != expected:
                raise EpisodeError(f"{path}: got images {got}, expected {expected} as in {paths[0].name}")
    first_held = len(records) - round(len(records) * share)
    return _stacked(records[:first_held], inputs), _stacked(records[first_held:], inputs)


def _stacked(records: Sequence[DoubleExposure], inputs: Inputs) -> DoubleExposures:
    if not records:
        return DoubleExposures((), ())
    return DoubleExposures(
        [np.stack([record.varied[camera] for record in records]) for camera in inputs.cameras],
        [np.stack([record.plain[camera] for record in records]) for camera in inputs.cameras],
    )


def measure_alike(model: Jepa, exposures: DoubleExposures) -> dict[str, float] | None:
    """Measure how alike latents of scenes move in a varied and in the plain look; None without any.

    Returns:
        `error`: the mean squared difference as a share of the plain variance within a look. `spread`: the
        varied standard deviation within a look as a share of the plain one.
    """
    if not len(exposures):
        return None
    model.eval()
    with torch.no_grad():
        # The latents of several cameras are concatenated.
        varied, plain = (
            torch.cat(
                [
                    torch.stack([model.encode(camera, torch.from_numpy(look)) for look in images])
                    for camera, images in enumerate(side)
                ],
                dim=-1,
            )
            for side in (exposures.varied, exposures.plain)
        )
    usual = plain - plain.mean(dim=1, keepdim=True)
    changed = varied - varied.mean(dim=1, keepdim=True)
    return {
        "error": float(alike_loss(varied, plain) / (usual**2).mean()),
        "spread": float((changed**2).mean().sqrt() / (usual**2).mean().sqrt()),
    }
