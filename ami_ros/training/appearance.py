# SPDX-License-Identifier: Apache-2.0
"""Teach the model what lies beyond all that it was trained on, so that it can say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ami_ros.data.oddity import ODDITY_FILES, OddityRecord
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.one_camera import OneCameraEpisodes, only
from ami_ros.training.settings import TrainingSettings
from ami_ros.types import ImageArray

FASTEST = 2e-3  # peak learning rate
DECAY = 0.2  # weight decay: the odd pictures are few
BATCH = 96  # images of either side per step
USUAL = 30_000  # pictures within the range that are learned from, if there are as many
AT_ONCE = 256  # images looked at together when nothing is learned


@dataclass(frozen=True, eq=False)
class Oddities:
    """N pictures from beyond the training range.

    Attributes:
        images: (N, H, W, 3) uint8.
        joints: (N, 2 J) rad and rad/s.
        kinds: (N,) what is odd about each.
    """

    images: ImageArray
    joints: NDArray[np.float32]
    kinds: NDArray[np.str_]

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.images)

    def by_kind(self) -> dict[str, Oddities]:
        """Return the pictures of each kind."""
        chosen = {str(kind): self.kinds == kind for kind in dict.fromkeys(self.kinds.tolist())}
        return {
            kind: Oddities(self.images[rows], self.joints[rows], self.kinds[rows])
            for kind, rows in chosen.items()
        }


@dataclass(frozen=True, eq=False)
class OdditySplit:
    """Pictures to learn from, and of other moments to measure with."""

    training: Oddities
    held_out: Oddities


def read_oddities(paths: Sequence[Path], share: float) -> OdditySplit:
    """Read all pictures and hold out those of the last `share` of the moments.

    Raises:
        EpisodeError: unreadable pictures.
    """
    records = [ODDITY_FILES.read(path) for path in paths]
    first_held = len(records) - round(len(records) * share)
    return OdditySplit(_joined(records[:first_held]), _joined(records[first_held:]))


def _joined(records: Sequence[OddityRecord]) -> Oddities:
    if not records:
        return Oddities(np.zeros((0, 1, 1, 3), np.uint8), np.zeros((0, 2), np.float32), np.zeros(0, np.str_))
    return Oddities(
        np.concatenate([only(record.images, "cameras") for record in records]),
        np.concatenate([np.tile(only(r.vectors, "vector sensors"), (len(r.kinds), 1)) for r in records]),
        np.concatenate([record.kinds for record in records]),
    )


def fit_appearance(
    model: Jepa, usual: OneCameraEpisodes, oddities: Oddities, settings: TrainingSettings
) -> None:
    """Fit `model.appearance` in place, to tell usual pictures from odd ones; needs the finished encoder.

    Without odd pictures it stays mute.

    Args:
        model: the world model.
        usual: episodes within the training range.
        oddities: what is not.
        settings: number of steps, and seed.

    Source: Hendrycks, Mazeika and Dietterich, "Deep anomaly detection with outlier exposure" (2019); here
    both sides weigh the same, and the quantile of usual pictures sets the limit afterwards.
    """
    head = model.appearance
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
    given_usual = _given(model, usual.images[episode, step], usual.joints[episode, step])
    given_odd = _given(model, oddities.images, oddities.joints)
    head.mean.copy_(given_usual.mean(dim=0))
    head.std.copy_(given_usual.std(dim=0).clamp_min(1e-4))

    head.requires_grad_(True)
    optimizer = torch.optim.AdamW(head.parameters(), lr=FASTEST, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.appearance_steps)
    answers = torch.cat([torch.zeros(BATCH), torch.ones(BATCH)])
    for _ in range(settings.appearance_steps):
        rows, odd = generator.integers(count, size=BATCH), generator.integers(len(oddities), size=BATCH)
        images = np.concatenate([usual.images[episode[rows], step[rows]], oddities.images[odd]])
        shapes = head.shapes(model.fitted(torch.from_numpy(images)))
        logit = head.logit(shapes, torch.cat([given_usual[rows], given_odd[odd]]))
        loss = functional.binary_cross_entropy_with_logits(logit, answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    head.requires_grad_(False)


def _given(model: Jepa, images: ImageArray, joints: NDArray[np.float32]) -> Tensor:
    """Return what the head is given (N, F), see `Appearance.given`."""
    starts = range(0, len(images), AT_ONCE)
    parts = [slice(start, start + AT_ONCE) for start in starts]
    with torch.no_grad():
        return torch.cat([model.appearance.given(*_inputs(model, images[p], joints[p])) for p in parts])


def _inputs(model: Jepa, images: ImageArray, joints: NDArray[np.float32]) -> tuple[Tensor, Tensor, Tensor]:
    """Return images (B, 3, S, S), latents (B, D) and normalised joint positions (B, J)."""
    with torch.no_grad():
        seen = model.fitted(torch.from_numpy(images))
        normalised = model.normalise_joints(torch.from_numpy(joints))
        return seen, model.encoder(seen), normalised[:, : normalised.shape[1] // 2]


def oddness_of(model: Jepa, oddities: Oddities) -> Tensor:
    """Return how odd pictures look (N,)."""
    starts = range(0, len(oddities), AT_ONCE)
    parts = [
        _inputs(model, oddities.images[i : i + AT_ONCE], oddities.joints[i : i + AT_ONCE]) for i in starts
    ]
    with torch.no_grad():
        return torch.cat([model.appearance(*part) for part in parts])
