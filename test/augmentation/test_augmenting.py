# SPDX-License-Identifier: Apache-2.0
"""A data set out of recordings: whole, resumable, and what training reads."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from ami_ros.augmentation.augmenting import augment, steps_of
from ami_ros.augmentation.events import KINDS
from ami_ros.augmentation.moments import KINDS as ODD
from ami_ros.augmentation.recordings import Recordings
from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES, SCENES
from ami_ros.episodes.episode import list_episodes, read_episode, write_episode
from ami_ros.episodes.event import list_events, read_event
from ami_ros.episodes.oddity import BYSTANDER, ODDITY_FILES
from ami_ros.errors import EpisodeError


def test_each_recording_is_followed_by_its_varied_copies(recordings, paths, tmp_path):
    out, settings = tmp_path / "out", recordings.settings
    done = Counter(augment(recordings, out))
    assert done.total() == steps_of(settings, len(paths), len(KINDS))
    episodes = [read_episode(path) for path in list_episodes(out)]
    assert len(episodes) == len(paths) * (1 + settings.looks) == done["episodes"]
    looks = [int(episode.look) for episode in episodes]
    varied = [look for look in looks if look]
    assert looks[:: 1 + settings.looks] == [0] * len(paths) and len(set(varied)) == len(varied) > 0
    for number, episode in enumerate(episodes):
        recorded = read_episode(paths[number // (1 + settings.looks)])
        np.testing.assert_array_equal(episode.actions, recorded.actions)
        np.testing.assert_array_equal(episode.vectors["joints"], recorded.vectors["joints"])
        same = bool((episode.images["camera"] == recorded.images["camera"]).all())
        assert same == (int(episode.look) == 0)


def test_pictures_and_events_are_what_training_reads(recordings, paths, tmp_path):
    out, settings = tmp_path / "out", recordings.settings
    for _ in augment(recordings, out):
        pass
    doubles = [DOUBLE_EXPOSURE_FILES.read(path) for path in DOUBLE_EXPOSURE_FILES.finished(out)]
    odd = [ODDITY_FILES.read(path) for path in ODDITY_FILES.finished(out)]
    events = [read_event(path) for path in list_events(out)]
    assert (len(doubles), len(odd)) == (settings.double_exposures, settings.oddities)
    assert len(events) == 2 * settings.event_pairs * len(KINDS)
    plain = recordings.images[0].reshape(-1, *doubles[0].plain["camera"].shape[1:])
    for double in doubles:
        assert double.varied["camera"].shape == (SCENES, *plain.shape[1:])
        assert all((image == plain).all(axis=(1, 2, 3)).any() for image in double.plain["camera"])
        assert (double.varied["camera"] != double.plain["camera"]).any()
    for record in odd:
        assert tuple(record.kinds) == ODD and ODD[-1] == BYSTANDER
        assert len({image.tobytes() for image in record.images["camera"]}) == len(ODD)
        vectors = recordings.episodes.vectors["joints"].reshape(-1, len(record.vectors["joints"]))
        assert (vectors == record.vectors["joints"]).all(axis=1).any()


def test_what_was_interrupted_goes_on_to_the_same_bits(recordings, paths, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    steps = len(list(augment(recordings, whole)))
    list(islice(augment(recordings, broken), steps // 2))
    list(augment(recordings, broken))
    files = sorted(path.relative_to(whole) for path in whole.rglob("*.npz"))
    assert files == sorted(path.relative_to(broken) for path in broken.rglob("*.npz"))
    for name in files:
        one, other = np.load(whole / name), np.load(broken / name)
        assert all((one[key] == other[key]).all() for key in one.files), name


def test_two_data_sets_are_never_mixed(recordings, paths, tmp_path):
    list(islice(augment(recordings, tmp_path / "out"), 1))
    more = dataclasses.replace(recordings.settings, looks=1)
    other = Recordings(paths, more, recordings.variation)
    with pytest.raises(EpisodeError, match="holds episodes with other settings"):
        next(augment(other, tmp_path / "out"))


def test_recordings_in_another_light_leave_room_in_the_others(recordings, paths, tmp_path):
    for path in paths[:2]:  # all that they show counts as what moves
        episode = read_episode(path)
        lit = {"camera": episode.images["camera"] // 2 + 100}
        write_episode(path, dataclasses.replace(episode, images=lit))
    more = dataclasses.replace(recordings.settings, oddities=6, event_pairs=4)
    mixed = Recordings(paths, more, recordings.variation)
    assert mixed.sceneries[0].foreground(mixed.images[0][0, 0]).all()
    for _ in augment(mixed, tmp_path / "out"):
        pass
    assert len(list_events(tmp_path / "out")) == 2 * more.event_pairs * len(KINDS)
    assert len(ODDITY_FILES.finished(tmp_path / "out")) == more.oddities


def test_recordings_without_a_camera_are_refused(recordings, paths):
    for path in paths:
        episode = read_episode(path)
        body = dataclasses.replace(episode.body, images=())
        write_episode(path, dataclasses.replace(episode, images={}, body=body))
    with pytest.raises(EpisodeError, match="without a camera"):
        Recordings(paths, recordings.settings, recordings.variation)
