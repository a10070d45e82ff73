# SPDX-License-Identifier: Apache-2.0
"""Impossible events in recordings, each with its possible twin: the clip as recorded.

Only the camera pictures change: what moves jumps elsewhere, disappears or stands still, or an unknown
object appears. The other sensors stay as recorded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from ami_ros.augmentation.recordings import Recordings
from ami_ros.augmentation.strangers import clear_stranger
from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.episodes.event import EventRecord
from ami_ros.errors import EpisodeError
from ami_ros.sim.collect.occasion import ARM_KINDS, MARGIN, changed_share
from ami_ros.types import ImageArray

STREAM = 93  # separates these draws from others
KINDS = TELEPORT, VANISH, FREEZE, STRANGER = ARM_KINDS
ATTEMPTS = 300  # clips drawn until one suits the event
SEEN_SHARE = 0.01  # share of the picture that an event must change to be visible


def event_kinds(recordings: Recordings) -> tuple[str, ...]:
    """Return the possible kinds; a moving camera does not reveal the scene behind what moves."""
    stands = all(scenery.stands for scenery in recordings.sceneries)
    return KINDS if stands else (TELEPORT, FREEZE)


def event(recordings: Recordings, kind: str, pair: int) -> tuple[EventRecord, EventRecord]:
    """Return the possible and the impossible clip of a pair.

    Args:
        recordings: all episodes.
        kind: of KINDS.
        pair: number of the pair.

    Raises:
        EpisodeError: the episodes are too short, or no clip suits the event.
    """
    generator = recordings.generator(STREAM, KINDS.index(kind), pair)
    steps = min(recordings.settings.event_steps, recordings.episodes.steps)
    if steps < 2 * MARGIN:
        raise EpisodeError(f"events: got episodes of {steps} steps, expected {2 * MARGIN} at least")
    for _ in range(ATTEMPTS):
        clip = recordings.clip(generator, steps)
        moment = 0 if kind == STRANGER else int(generator.integers(MARGIN, steps - MARGIN + 1))
        images = _changed(recordings, kind, clip, moment, generator)
        if images is not None and _shows(recordings, clip.images, images, moment):
            odd = dataclasses.replace(clip, images=images)
            return EventRecord(clip, kind, True, moment, pair), EventRecord(odd, kind, False, moment, pair)
    where = (
        "is there room next to what moves"
        if kind == STRANGER
        else "does anything move in front of the camera"
    )
    raise EpisodeError(
        f"event {kind}, pair {pair}: found no occasion in {ATTEMPTS} clips: {where}? To skip events: "
        "--event-pairs 0"
    )


def _changed(
    recordings: Recordings, kind: str, clip: EpisodeRecord, moment: int, generator: np.random.Generator
) -> dict[str, ImageArray] | None:
    """Return the pictures, changed from `moment` on; None: there is no room for the event."""
    if kind == TELEPORT:
        other = recordings.clip(generator, len(clip.actions)).images
        return {name: np.concatenate([a[:moment], other[name][moment:]]) for name, a in clip.images.items()}
    changed = {name: images.copy() for name, images in clip.images.items()}
    for scenery, images in zip(recordings.sceneries, changed.values(), strict=True):
        if kind == FREEZE:
            images[moment:] = images[moment - 1]
        elif kind == VANISH:
            for image in images[moment:]:
                gone = scenery.foreground(image)
                image[gone] = scenery.picture[gone]
        else:
            stranger = clear_stranger(generator, scenery, images)
            if stranger is None:
                return None
            for step, image in enumerate(images):
                images[step] = stranger.pasted(image, scenery.foreground(image))
    return changed


def _shows(
    recordings: Recordings, before: Mapping[str, ImageArray], after: Mapping[str, ImageArray], moment: int
) -> bool:
    """Return whether a camera shows the event soon after `moment`."""
    soon, levels = slice(moment, moment + MARGIN), recordings.settings.foreground_levels
    return any(
        bool((changed_share(images[soon], after[name][soon], levels) > SEEN_SHARE).any())
        for name, images in before.items()
    )
