# SPDX-License-Identifier: Apache-2.0
"""Create a data set for training a world model from plain recordings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ami_ros.augmentation.events import event, event_kinds
from ami_ros.augmentation.moments import double_exposure, oddity, shown
from ami_ros.augmentation.recordings import Recordings
from ami_ros.augmentation.settings import AugmentationSettings
from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES
from ami_ros.episodes.episode import PLAIN_LOOK, episode_path, write_episode
from ami_ros.episodes.event import event_path, write_event
from ami_ros.episodes.manifest import claim
from ami_ros.episodes.oddity import ODDITY_FILES
from ami_ros.sim.camera.variation import draw_variation, varied_kinds

STREAM = 97  # separates these draws from others


def steps_of(settings: AugmentationSettings, episodes: int, kinds: int) -> int:
    """Return the number of items that `augment` yields."""
    pictures = settings.double_exposures + settings.oddities + settings.event_pairs * kinds
    return episodes * (1 + settings.looks) + pictures


def augment(recordings: Recordings, out: Path) -> Iterator[str]:
    """Write the data set; yield the kind of each finished item. Existing items are kept.

    Each episode is followed by its varied copies, so that training, which holds out the last episodes, holds
    out both.

    Args:
        recordings: the episodes.
        out: folder of the data set.

    Raises:
        EpisodeError: the folder holds something else, or the recordings provide no clip for an event.
        OutputError: something cannot be written.
    """
    settings = recordings.settings
    made_with = {
        "recordings": recordings.episodes.sha256,
        "settings": dataclasses.asdict(settings),
        "variation": dataclasses.asdict(recordings.variation),
    }
    claim(out, made_with)
    for index in range(len(recordings.episodes)):
        for copy in range(1 + settings.looks):
            _copy(recordings, index, copy, out)
            yield "episodes"
    for index in range(settings.double_exposures):
        if not DOUBLE_EXPOSURE_FILES.path(out, index).is_file():
            DOUBLE_EXPOSURE_FILES.write(out, index, double_exposure(recordings, index))
        yield "double exposures"
    for index in range(settings.oddities):
        if not ODDITY_FILES.path(out, index).is_file():
            ODDITY_FILES.write(out, index, oddity(recordings, index))
        yield "oddities"
    for kind in event_kinds(recordings):
        for pair in range(settings.event_pairs):
            if not event_path(out, kind, pair, False).is_file():  # the impossible clip is written last
                for clip in event(recordings, kind, pair):
                    write_event(out, clip)
            yield "events"


def _copy(recordings: Recordings, index: int, copy: int, out: Path) -> None:
    """Write an episode: copy 0 unchanged, any other in its own look."""
    number = index * (1 + recordings.settings.looks) + copy
    target = episode_path(out, number)
    if target.is_file():
        return
    episode = recordings.episode(index)
    if copy == 0:
        write_episode(target, episode)
        return
    generator = recordings.generator(STREAM, index, copy)
    varied = varied_kinds(recordings.variation, generator)
    look = draw_variation(recordings.variation, generator, varied, cameras=len(recordings.cameras))
    images = shown(
        recordings,
        [episode.images[name] for name in recordings.cameras],
        look,
        int(generator.integers(2**31)),
    )
    write_episode(
        target,
        dataclasses.replace(
            episode,
            images=dict(zip(recordings.cameras, images, strict=True)),
            look=np.asarray(PLAIN_LOOK if not varied else number + 1, dtype=np.int64),
        ),
    )
