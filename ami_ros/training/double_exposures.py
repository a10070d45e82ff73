# SPDX-License-Identifier: Apache-2.0
"""Double exposures to learn from: in which looks, what a scene is, must not change."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ami_ros.data.double_exposure import DoubleExposure, read_double_exposure
from ami_ros.errors import EpisodeError
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.losses import alike_loss
from ami_ros.types import ImageArray


@dataclass(frozen=True, eq=False)
class DoubleExposures:
    """L looks, each with N scenes photographed in it and plainly.

    Attributes:
        varied: (L, N, H, W, 3) uint8.
        plain: (L, N, H, W, 3) uint8.
    """

    varied: ImageArray
    plain: ImageArray

    def __len__(self) -> int:
        """Number of looks."""
        return len(self.varied)

    @property
    def sha256(self) -> str:
        """Hash of all images."""
        digest = hashlib.sha256(self.varied.tobytes())
        digest.update(self.plain.tobytes())
        return digest.hexdigest()

    def draw(self, looks: int, generator: np.random.Generator) -> ImageArray:
        """Return images (2, `looks`, N, H, W, 3) of looks drawn at random: varied, then plain."""
        chosen = generator.integers(len(self), size=looks)
        return np.stack([self.varied[chosen], self.plain[chosen]])


def read_double_exposures(paths: Sequence[Path], share: float) -> tuple[DoubleExposures, DoubleExposures]:
    """Read all and hold out the last `share` of the looks; returns those to learn from and the others.

    Raises:
        EpisodeError: unreadable, or not all of one size.
    """
    records = [read_double_exposure(path) for path in paths]
    for path, record in zip(paths, records, strict=True):
        if record.varied.shape != records[0].varied.shape:
            got, expected = record.varied.shape, records[0].varied.shape
            raise EpisodeError(f"{path}: got images {got}, expected {expected} as in {paths[0].name}")
    first_held = len(records) - round(len(records) * share)
    return _stacked(records[:first_held]), _stacked(records[first_held:])


def _stacked(records: Sequence[DoubleExposure]) -> DoubleExposures:
    if not records:
        nothing = np.zeros((0, 1, 1, 1, 3), np.uint8)
        return DoubleExposures(nothing, nothing)
    return DoubleExposures(np.stack([r.varied for r in records]), np.stack([r.plain for r in records]))


def measure_alike(model: Jepa, exposures: DoubleExposures) -> dict[str, float] | None:
    """Return how far latents of scenes in a changed look move as those in the plain look do; None without.

    Returns:
        `error`, the mean squared difference as a share of the plain variance within a look, and `spread`, the
        varied standard deviation within a look as a share of the plain one.
    """
    if not len(exposures):
        return None
    model.eval()
    with torch.no_grad():
        varied, plain = (
            torch.stack([model.encode(0, torch.from_numpy(look)) for look in images])
            for images in (exposures.varied, exposures.plain)
        )
    usual = plain - plain.mean(dim=1, keepdim=True)
    changed = varied - varied.mean(dim=1, keepdim=True)
    return {
        "error": float(alike_loss(varied, plain) / (usual**2).mean()),
        "spread": float((changed**2).mean().sqrt() / (usual**2).mean().sqrt()),
    }
