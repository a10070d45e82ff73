# SPDX-License-Identifier: Apache-2.0
"""Trains the model to detect images beyond its training range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ami_ros.episodes.oddity import ODDITY_FILES, OddityRecord
from ami_ros.model.networks.appearance import Appearance
from ami_ros.model.networks.inputs import Inputs
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.pixels import fitted
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.precision import CHANNELS_LAST, fast_images
from ami_ros.training.recorded import Recorded, of_sensor, side_by_side
from ami_ros.training.settings import TrainingSettings
from ami_ros.types import ImageArray

FASTEST = 2e-3  # peak learning rate
DECAY = 0.2  # weight decay: there are few odd images
BATCH = 96  # images of each side per step
USUAL = 30_000  # images within the range used for training, if there are as many
AT_ONCE = 256  # images processed together outside training


@dataclass(frozen=True, eq=False)
class Oddities:
    """Images of N moments beyond the training range, by each camera.

    Attributes:
        images: images (N, H, W, 3) uint8 of each camera, in the model's order.
        vectors: (N, V) readings of the other sensors, in their units.
        kinds: (N,) kind of oddness of each.
    """

    images: Sequence[ImageArray]
    vectors: NDArray[np.float32]
    kinds: NDArray[np.str_]

    def __len__(self) -> int:
        """Number of moments."""
        return len(self.kinds)

    def by_kind(self) -> dict[str, Oddities]:
        """Return the images of each kind."""
        chosen = {str(kind): self.kinds == kind for kind in dict.fromkeys(self.kinds.tolist())}
        return {
            kind: Oddities([images[rows] for images in self.images], self.vectors[rows], self.kinds[rows])
            for kind, rows in chosen.items()
        }


@dataclass(frozen=True, eq=False)
class OdditySplit:
    """Images for training, and images of other moments for measuring."""

    training: Oddities
    held_out: Oddities


def read_oddities(paths: Sequence[Path], share: float, inputs: Inputs) -> OdditySplit:
    """Read all images and hold out those of the last `share` of the moments.

    Raises:
        EpisodeError: unreadable images.
        TrainingError: a sensor is missing.
    """
    records = [ODDITY_FILES.read(path) for path in paths] if inputs.cameras else []
    first_held = len(records) - round(len(records) * share)
    return OdditySplit(_joined(records[:first_held], inputs), _joined(records[first_held:], inputs))


def _joined(records: Sequence[OddityRecord], inputs: Inputs) -> Oddities:
    if not records:
        return Oddities((), np.zeros((0, inputs.vector_size), np.float32), np.zeros(0, np.str_))
    rows = [np.tile(side_by_side(r.vectors, inputs, ()), (len(r.kinds), 1)) for r in records]
    return Oddities(
        [np.concatenate([of_sensor(r.images, camera) for r in records]) for camera in inputs.cameras],
        np.concatenate(rows),
        np.concatenate([record.kinds for record in records]),
    )


def fit_appearance(
    model: Jepa,
    usual: Recorded,
    oddities: Oddities,
    settings: TrainingSettings,
    camera: int = 0,
    on_step: OnStep = unwatched,
) -> None:
    """Fit one of `model.appearances` in place, to separate usual images from odd ones; needs its encoder.

    Without odd images it stays silent.

    Args:
        model: the world model.
        usual: episodes within the training range.
        oddities: images beyond it.
        settings: number of steps, and seed.
        camera: index of their camera.
        on_step: called after each step.

    Source: Hendrycks, Mazeika and Dietterich, "Deep anomaly detection with outlier exposure" (2019); here
    both sides have the same weight, and the quantile of usual images sets the limit afterwards.
    """
    head = appearance_of(model, camera)
    model.eval()
    if not len(oddities):
        with torch.no_grad():
            for parameter in head.judge.parameters():
                parameter.zero_()
        return
    generator = np.random.default_rng(settings.seed)
    count = min(USUAL, len(usual) * (usual.steps + 1))
    episode = generator.integers(len(usual), size=count)
    step = generator.integers(usual.steps + 1, size=count)
    pictures = usual.images[camera]
    given_usual = _given(model, pictures[episode, step], usual.vectors[episode, step], camera)
    given_odd = _given(model, oddities.images[camera], oddities.vectors, camera)
    head.mean.copy_(given_usual.mean(dim=0))
    head.std.copy_(given_usual.std(dim=0).clamp_min(1e-4))

    head.requires_grad_(True)
    head.look.to(memory_format=CHANNELS_LAST)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(head.parameters(), lr=FASTEST, weight_decay=DECAY)
    answers = torch.cat([torch.zeros(BATCH), torch.ones(BATCH)])

    def loss() -> Tensor:
        rows, odd = generator.integers(count, size=BATCH), generator.integers(len(oddities), size=BATCH)
        images = np.concatenate([pictures[episode[rows], step[rows]], oddities.images[camera][odd]])
        seen = fitted(torch.from_numpy(images), model.image_size).contiguous(memory_format=CHANNELS_LAST)
        with fast_images():
            shapes = head.shapes(seen)
        logit = head.logit(shapes.float(), torch.cat([given_usual[rows], given_odd[odd]]))
        return functional.binary_cross_entropy_with_logits(logit, answers)

    descend(optimizer, settings.appearance_steps, loss, lambda: on_step("appearance"))
    head.requires_grad_(False)


def appearance_of(model: Jepa, camera: int) -> Appearance:
    """Return the appearance head of a camera, by index."""
    head = model.appearances[camera]
    if not isinstance(head, Appearance):
        raise TypeError(f"camera {camera}: got {type(head).__name__}, expected Appearance")
    return head


def _given(model: Jepa, images: ImageArray, vectors: NDArray[np.float32], camera: int) -> Tensor:
    """Return the inputs of the head (N, F), see `Appearance.given`."""
    starts = range(0, len(images), AT_ONCE)
    parts = [slice(start, start + AT_ONCE) for start in starts]
    head = appearance_of(model, camera)
    with torch.no_grad():
        return torch.cat([head.given(*_inputs(model, images[p], vectors[p], camera)) for p in parts])


def _inputs(
    model: Jepa, images: ImageArray, vectors: NDArray[np.float32], camera: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return images (B, 3, S, S), latents (B, D) and normalised joint positions (B, P)."""
    with torch.no_grad():
        seen = fitted(torch.from_numpy(images), model.image_size)
        normalised = model.normalise(torch.from_numpy(vectors))
        return seen, model.encoders[camera](seen), model.posture(normalised)


def oddness_of(model: Jepa, oddities: Oddities) -> Tensor:
    """Return the oddness of the oddest image of each moment (N,)."""
    oddness = torch.zeros(len(oddities))
    for camera, images in enumerate(oddities.images):
        head, rows = appearance_of(model, camera), range(0, len(oddities), AT_ONCE)
        parts = [
            _inputs(model, images[i : i + AT_ONCE], oddities.vectors[i : i + AT_ONCE], camera) for i in rows
        ]
        with torch.no_grad():
            oddness = torch.maximum(oddness, torch.cat([head(*part) for part in parts]))
    return oddness
