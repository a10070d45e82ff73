# SPDX-License-Identifier: Apache-2.0
"""Converts recordings to a model's inputs: the place where sensors lose their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ami_ros.body.actions import ActionSpec
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.errors import TrainingError
from ami_ros.model.networks.inputs import Inputs
from ami_ros.types import ImageArray

T = TypeVar("T")
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Recorded:
    """E episodes of S control steps.

    Attributes:
        images: images (E, S + 1, H, W, 3) uint8 of each camera, in the model's order.
        vectors: (E, S + 1, V) readings of all vector sensors in the model's order, in their units.
        actions: (E, S, A) in the channels' units.
        truths: targets of probes, by name, each (E, S + 1, M); nothing else reads them.
        intended: (E, S, A) the actions that were meant; None: those that were done.
    """

    images: list[ImageArray]
    vectors: Floats
    actions: Floats
    truths: Mapping[str, Floats] = field(default_factory=dict)
    intended: Floats | None = None

    def __len__(self) -> int:
        """Number of episodes."""
        return len(self.vectors)

    @property
    def steps(self) -> int:
        """Control steps per episode (S)."""
        return int(self.actions.shape[1])


# Truth of a task -> name of its probe, where they differ.
PROBES = {"tip": "tip_position", "objects": "object_position"}


def recorded(episodes: EpisodeSet, inputs: Inputs) -> Recorded:
    """Convert episodes to a model's inputs.

    Raises:
        TrainingError: a sensor is missing.
    """
    count = len(episodes), episodes.steps + 1
    images = [of_sensor(episodes.images, camera) for camera in inputs.cameras]
    vectors = side_by_side(episodes.vectors, inputs, count)
    truths: dict[str, Floats] = {}
    for vector in inputs.vectors:
        if vector.is_joints:
            truths.setdefault("joint_position", episodes.vectors[vector.name][..., : vector.positions])
    for name, values in episodes.truth.items():
        if values.size:
            truths[PROBES.get(name, name)] = values.reshape(*count, -1)
    return Recorded(images, vectors, episodes.actions, truths, episodes.intended)


def recorded_clips(clips: Sequence[EpisodeRecord], inputs: Inputs) -> Recorded:
    """Convert clips of equal length to a model's inputs. Raises as `recorded`."""
    images = [np.stack([of_sensor(clip.images, camera) for clip in clips]) for camera in inputs.cameras]
    actions = np.stack([clip.actions for clip in clips])
    vectors = np.stack([side_by_side(clip.vectors, inputs, (len(clip.actions) + 1,)) for clip in clips])
    return Recorded(images, vectors, actions)


def side_by_side(vectors: Mapping[str, Floats], inputs: Inputs, shape: tuple[int, ...]) -> Floats:
    """Return all vectors (..., V) in the model's order, from sensor -> (..., n). Raises as `recorded`.

    Args:
        vectors: readings by sensor name.
        inputs: inputs of the model.
        shape: shape of all but the last dimension, for a model without vectors.
    """
    parts = [of_sensor(vectors, vector.name) for vector in inputs.vectors]
    return np.concatenate(parts, axis=-1) if parts else np.zeros((*shape, 0), np.float32)


def of_sensor(values: Mapping[str, T], name: str) -> T:
    """Return the readings of a sensor. Raises TrainingError: it is missing."""
    if name not in values:
        raise TrainingError(f"the data has {sorted(values)}, expected sensor {name!r} as well")
    return values[name]


def normalised_actions(actions: Tensor, spec: ActionSpec) -> Tensor:
    """Map actions (..., A), or blocks of them (..., K A), in the channels' units to [-1, 1]."""
    steps = actions.shape[-1] // spec.size
    centre, half = (torch.tensor(v).float().repeat(steps) for v in (spec.centre, spec.half_range))
    return (actions - centre) / half
