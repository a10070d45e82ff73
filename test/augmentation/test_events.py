# SPDX-License-Identifier: Apache-2.0
"""Impossible events in recordings: only what the cameras show changes, and only from the event on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ami_ros.augmentation.events import FREEZE, KINDS, TELEPORT, VANISH, event, event_kinds
from ami_ros.augmentation.recordings import Recordings
from ami_ros.augmentation.settings import load_augmentation_settings
from ami_ros.episodes.episode import read_episode, write_episode
from ami_ros.episodes.event import STRANGER
from ami_ros.errors import EpisodeError
from ami_ros.sim.camera.variation_settings import load_variation_settings


@pytest.mark.parametrize("kind", KINDS)
def test_a_pair_is_one_clip_but_for_what_the_camera_shows_from_the_event_on(recordings, kind):
    possible, odd = event(recordings, kind, 1)
    assert (possible.possible, odd.possible, possible.kind, odd.pair) == (True, False, kind, 1)
    moment = possible.event_step
    before, after = possible.episode.images["camera"], odd.episode.images["camera"]
    np.testing.assert_array_equal(before[:moment], after[:moment])
    assert (before[moment:] != after[moment:]).any()
    np.testing.assert_array_equal(possible.episode.actions, odd.episode.actions)
    np.testing.assert_array_equal(possible.episode.vectors["joints"], odd.episode.vectors["joints"])
    again = event(recordings, kind, 1)[1].episode.images["camera"]
    np.testing.assert_array_equal(after, again)


def test_what_happens_is_what_it_is_called(recordings):
    shown = {kind: event(recordings, kind, 0)[1] for kind in KINDS}
    images = {kind: odd.episode.images["camera"] for kind, odd in shown.items()}
    moments = {kind: odd.event_step for kind, odd in shown.items()}
    frozen, gone = images[FREEZE][moments[FREEZE] :], images[VANISH][moments[VANISH] :]
    assert (frozen == images[FREEZE][moments[FREEZE] - 1]).all()
    assert not any(recordings.sceneries[0].foreground(image).any() for image in gone)
    jumped = images[TELEPORT][moments[TELEPORT]]
    assert any((jumped == image).all() for image in recordings.images[0].reshape(-1, *jumped.shape))
    assert moments[STRANGER] == 0


def test_nothing_vanishes_before_a_camera_that_moves(paths):
    generator = np.random.default_rng(0)
    for path in paths:
        episode = read_episode(path)
        noise = generator.integers(0, 256, episode.images["camera"].shape, dtype=np.uint8)
        write_episode(path, dataclasses.replace(episode, images={"camera": noise}))
    moving = Recordings(paths, load_augmentation_settings(), load_variation_settings())
    assert event_kinds(moving) == (TELEPORT, FREEZE)


def test_where_nothing_moves_nothing_can_happen_and_it_says_so(paths):
    for path in paths:
        episode = read_episode(path)
        still = {"camera": np.full_like(episode.images["camera"], 90)}
        write_episode(path, dataclasses.replace(episode, images=still))
    still_ones = Recordings(paths, load_augmentation_settings(), load_variation_settings())
    with pytest.raises(EpisodeError, match="does anything move"):
        event(still_ones, FREEZE, 0)


def test_where_nothing_unknown_has_room_it_says_what_leaves_it_out(paths):
    for path in paths:
        episode = read_episode(path)
        flickers = episode.images["camera"].copy()
        flickers[::3] = flickers[::3] // 2 + 100
        write_episode(path, dataclasses.replace(episode, images={"camera": flickers}))
    flickering = Recordings(paths, load_augmentation_settings(), load_variation_settings())
    with pytest.raises(EpisodeError, match="is there room next to what moves.* --event-pairs 0"):
        event(flickering, STRANGER, 0)


def test_episodes_that_are_too_short_are_refused(paths):
    for path in paths:
        episode = read_episode(path)
        cut = {
            "images": {"camera": episode.images["camera"][:6]},
            "vectors": {"joints": episode.vectors["joints"][:6]},
            "truth": {},
            "actions": episode.actions[:5],
        }
        write_episode(path, dataclasses.replace(episode, **cut))
    with pytest.raises(EpisodeError, match="5 steps, expected 12"):
        event(Recordings(paths, load_augmentation_settings(), load_variation_settings()), FREEZE, 0)
