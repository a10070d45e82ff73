# SPDX-License-Identifier: Apache-2.0
"""Clips of held-out recordings whose pictures are spoiled from a moment on, and their unspoiled twins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from ami_ros.body.actions import ActionSpec
from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.model.networks.inputs import Inputs
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.events import SOON, Clips, largest_surprise
from ami_ros.training.latents import encode_episodes
from ami_ros.training.rank import roc_auc
from ami_ros.training.recorded import recorded_clips
from ami_ros.types import ImageArray

SHIFT = 0.12  # of the side, by which a picture is moved to the right and down
STRANGER = (0.18, 0.3)  # of the side: the size of an object that nobody has seen
Chance = np.random.Generator
# Gets the pictures from the event on, the last one before it, and random numbers.
Spoiler = Callable[[ImageArray, ImageArray, Chance], ImageArray]


def frozen(after: ImageArray, last: ImageArray, chance: Chance) -> ImageArray:
    """Return the last picture again and again."""
    return np.broadcast_to(last, after.shape).copy()


def covered(after: ImageArray, last: ImageArray, chance: Chance) -> ImageArray:
    """Return black pictures."""
    return np.zeros_like(after)


def shifted(after: ImageArray, last: ImageArray, chance: Chance) -> ImageArray:
    """Return pictures of a camera that was pushed: what leaves on one side is missing on the other."""
    by = max(1, round(SHIFT * after.shape[1]))
    moved = np.zeros_like(after)
    moved[:, by:, by:] = after[:, :-by, :-by]
    return moved


def stranger(after: ImageArray, last: ImageArray, chance: Chance) -> ImageArray:
    """Return pictures with a striped object that lies still, somewhere."""
    side = after.shape[1]
    size = round(side * chance.uniform(*STRANGER))
    row, column = chance.integers(side - size, size=2)
    colours = chance.integers(0, 256, (2, 3), dtype=np.uint8)
    object_ = colours[(np.arange(size)[:, None] // 3 + np.zeros(size, int)) % 2]
    half = size // 2
    mask = cv2.circle(np.zeros((size, size), np.uint8), (half, half), half, 1, -1)[..., None] > 0
    seen = after.copy()
    there = seen[:, row : row + size, column : column + size]
    seen[:, row : row + size, column : column + size] = np.where(mask, object_, there)
    return seen


def of_another_set(pictures: ImageArray) -> Spoiler:
    """Return what shows the pictures (N, H, W, 3) of other recordings instead."""

    def foreign(after: ImageArray, last: ImageArray, chance: Chance) -> ImageArray:
        first = chance.integers(len(pictures))
        return np.resize(np.roll(pictures, -first, axis=0), after.shape)

    return foreign


SPOILERS: Mapping[str, Spoiler] = {
    "frozen": frozen,
    "covered": covered,
    "shifted": shifted,
    "unknown_object": stranger,
}


def surprise_aucs(
    model: Jepa,
    inputs: Inputs,
    spec: ActionSpec,
    episodes: Sequence[EpisodeRecord],
    count: int,
    seed: int,
    other: ImageArray | None = None,
) -> dict[str, float]:
    """Return, by kind of spoiling, the AUC of the largest surprise soon after it, against unspoiled twins.

    Args:
        model: the world model.
        inputs: its inputs.
        spec: spec of the actions.
        episodes: held out.
        count: clips, taken where the pictures change most: a frozen picture of what stands still is right.
        seed: of places and objects.
        other: (N, H, W, 3) pictures of another data set; None leaves that kind out.
    """
    event, length = 2 * spec.block + 1, 2 * spec.block + 1 + 2 * SOON
    plain = [clip for episode in episodes for clip in _clips(episode, length)]
    moving = sorted(plain, key=lambda clip: -_way(clip, event))[:count]
    generator = np.random.default_rng(seed)
    usual = _scores(model, inputs, spec, moving, event)
    spoilers = {**SPOILERS, **({} if other is None else {"another_set": of_another_set(other)})}
    found = {}
    for kind, spoil in spoilers.items():
        spoiled = [_spoiled(clip, event, spoil, generator) for clip in moving]
        found[kind] = roc_auc(usual, _scores(model, inputs, spec, spoiled, event))
    return found


def _clips(episode: EpisodeRecord, length: int) -> list[EpisodeRecord]:
    starts = range(0, len(episode.actions) - length + 1, length)
    return [_cut(episode, start, length) for start in starts]


def _cut(episode: EpisodeRecord, start: int, length: int) -> EpisodeRecord:
    rows = slice(start, start + length + 1)
    return replace(
        episode,
        images={name: pictures[rows] for name, pictures in episode.images.items()},
        vectors={name: values[rows] for name, values in episode.vectors.items()},
        truth={name: values[rows] for name, values in episode.truth.items()},
        actions=episode.actions[start : start + length],
    )


def _way(clip: EpisodeRecord, event: int) -> float:
    """Return how much the pictures change within SOON steps after the event."""
    return sum(
        float(np.abs(pictures[event + SOON].astype(float) - pictures[event - 1]).mean())
        for pictures in clip.images.values()
    )


def _spoiled(clip: EpisodeRecord, event: int, spoil: Spoiler, chance: Chance) -> EpisodeRecord:
    images = {}
    for name, pictures in clip.images.items():
        after = spoil(pictures[event:], pictures[event - 1], chance)
        images[name] = np.concatenate([pictures[:event], after])
    return replace(clip, images=images)


def _scores(
    model: Jepa, inputs: Inputs, spec: ActionSpec, clips: Sequence[EpisodeRecord], event: int
) -> np.ndarray:
    encoded = encode_episodes(model, recorded_clips(clips, inputs), spec)
    return largest_surprise(model, Clips(encoded, np.full(len(clips), event)))
