# SPDX-License-Identifier: Apache-2.0
"""Faults of recordings: each spoils one episode as a real fault could."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.types import ImageArray

Fault = Callable[[EpisodeRecord, np.random.Generator], EpisodeRecord]
LATE_STEPS = 4
NOISE = 60.0  # std of grey values, of 255


def _with_images(record: EpisodeRecord, change: Callable[[ImageArray], ImageArray]) -> EpisodeRecord:
    images = {name: np.ascontiguousarray(change(frames)) for name, frames in record.images.items()}
    return dataclasses.replace(record, images=images)


def _actions_shuffled(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    return dataclasses.replace(record, actions=generator.permutation(record.actions))


def _actions_late(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    return dataclasses.replace(record, actions=np.roll(record.actions, LATE_STEPS, axis=0))


def _channels_shuffled(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    order = generator.permutation(record.actions.shape[1])
    return dataclasses.replace(record, actions=np.ascontiguousarray(record.actions[:, order]))


def _camera_covered(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    return _with_images(record, np.zeros_like)


def _camera_frozen(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    return _with_images(record, lambda frames: np.repeat(frames[:1], len(frames), axis=0))


def _camera_stutters(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    """Each picture is up to ten steps old."""
    steps = len(record.actions) + 1
    shown = np.maximum(np.arange(steps) - generator.integers(0, 11, steps), 0)
    return _with_images(record, lambda frames: frames[shown])


def _pictures_shuffled(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    order = generator.permutation(len(record.actions) + 1)
    return _with_images(record, lambda frames: frames[order])


def _pictures_noisy(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    def noisy(frames: ImageArray) -> ImageArray:
        grains = generator.normal(0.0, NOISE, frames.shape)
        return np.clip(frames + grains, 0, 255).astype(np.uint8)

    return _with_images(record, noisy)


def _pictures_mirrored(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    """Half of the episodes are mirrored: a model cannot distinguish left from right."""
    return _with_images(record, lambda frames: frames[:, :, ::-1]) if generator.random() < 0.5 else record


def _joints_permuted(record: EpisodeRecord, generator: np.random.Generator) -> EpisodeRecord:
    """The joints have another order in each episode."""
    permuted = {}
    for name, values in record.vectors.items():
        order = generator.permutation(values.shape[1])
        permuted[name] = np.ascontiguousarray(values[:, order])
    return dataclasses.replace(record, vectors=permuted)


FAULTS: Mapping[str, Fault] = {
    "actions_shuffled": _actions_shuffled,
    "actions_late": _actions_late,
    "channels_shuffled": _channels_shuffled,
    "camera_covered": _camera_covered,
    "camera_frozen": _camera_frozen,
    "camera_stutters": _camera_stutters,
    "pictures_shuffled": _pictures_shuffled,
    "pictures_noisy": _pictures_noisy,
    "pictures_mirrored": _pictures_mirrored,
    "joints_permuted": _joints_permuted,
}
