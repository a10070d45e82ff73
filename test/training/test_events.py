# SPDX-License-Identifier: Apache-2.0
"""Clips in which the square jumps next to clips in which it does not: surprise tells them apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from part_settings import load_training_settings
from robots import channels
from small_data import SPEED, STEPS, record
from small_model import LATENT, one_camera_and_joints, small_jepa

from ami_ros.body.actions import ActionSpec
from ami_ros.episodes.event import EventRecord, list_events, write_event
from ami_ros.training.events import SOON, largest_surprise, read_clips, surprise_aucs
from ami_ros.training.fitting.surprise import fit_surprise

PAIRS, EVENT = 6, 4


def write_pairs(folder, kind: str, change) -> None:
    for pair in range(PAIRS):
        clip = record(100 + pair)
        for possible in (True, False):
            shown = (
                clip
                if possible
                else dataclasses.replace(clip, images={"camera": change(clip.images["camera"].copy(), pair)})
            )
            write_event(folder, EventRecord(shown, kind, possible, EVENT, pair))


def inverted(images: np.ndarray, pair: int) -> np.ndarray:
    images[EVENT:] = 255 - images[EVENT:]
    return images


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_pairs(folder, "vanish", inverted)
    write_pairs(folder, "stranger", lambda images, pair: images)
    return read_clips(
        small_jepa(action=3),
        list_events(folder),
        one_camera_and_joints(),
        ActionSpec("cartesian_velocity", 10.0, 1, channels(speed=SPEED)),
    )


def test_clips_come_by_kind_and_side(clips):
    assert set(clips) == {(kind, possible) for kind in ("vanish", "stranger") for possible in (True, False)}
    group = clips["vanish", False]
    assert group.encoded.cores.shape == (PAIRS, STEPS + 1, LATENT)
    assert group.event_step.tolist() == [EVENT] * PAIRS
    latents = [clips["vanish", possible].encoded.cores for possible in (True, False)]
    assert torch.equal(latents[0][:, :EVENT], latents[1][:, :EVENT])
    assert not torch.allclose(latents[0][:, EVENT:], latents[1][:, EVENT:])


def test_the_impossible_surprises_and_its_twin_does_not(clips):
    usual = clips["vanish", True].encoded
    model = small_jepa(action=3)
    fit_surprise(model, usual.transitions(), usual.transitions(), load_training_settings())
    overall, by_kind = surprise_aucs(model, clips)
    assert overall == by_kind["vanish"] > 0.95  # the unseen object is odd, not impossible
    assert by_kind["stranger"] == 0.5


def test_without_clips_there_is_no_figure():
    assert surprise_aucs(small_jepa(), {}) == (None, {})


def test_only_what_happens_soon_after_the_event_counts(clips):
    model = small_jepa(action=3)
    group = clips["vanish", True]
    usual = group.encoded.transitions()
    fit_surprise(model, usual, usual, load_training_settings())
    before = largest_surprise(model, group)
    states = group.encoded.states.clone()
    states[:, EVENT, :LATENT] += 30.0
    odd = dataclasses.replace(group, encoded=dataclasses.replace(group.encoded, states=states))
    assert (largest_surprise(model, odd) > 2.0 * before).all()
    late = dataclasses.replace(group, event_step=np.zeros_like(group.event_step))
    states = group.encoded.states.clone()
    states[:, SOON + 1 :, :LATENT] += 30.0
    late = dataclasses.replace(late, encoded=dataclasses.replace(group.encoded, states=states))
    assert (largest_surprise(model, late) < 2.0 * before.max()).all()
