# SPDX-License-Identifier: Apache-2.0
"""Events: the possible twin is what physics does, and the impossible one differs from the moment on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.configuration import Configuration
from ami_ros.episodes.event import EventRecord, list_events, read_event
from ami_ros.sim.collect.collect_events import collect_events, missing_events
from ami_ros.sim.collect.events import EventRecorder
from ami_ros.sim.collect.occasion import ARM_KINDS, OBJECT_KINDS, WALL_KINDS, shows

STEPS, SIDE, PAIR, JOINTS = 16, 32, 3, 7
CASES = [("reach", kind) for kind in ARM_KINDS] + [("push", kind) for kind in OBJECT_KINDS]


def configuration(task: str) -> Configuration:
    settings = {"event_steps": STEPS, "event_pairs": 1, "workers": 1}
    return Configuration.load("panda", task, {"collect": settings, "model": {"image_size": SIDE}})


@pytest.fixture(scope="module")
def recorders() -> dict[str, EventRecorder]:
    return {task: EventRecorder(configuration(task)) for task in ("reach", "push")}


@pytest.fixture(scope="module")
def pairs(recorders) -> dict[tuple[str, str], tuple[EventRecord, EventRecord]]:
    return {(task, kind): recorders[task].record(kind, PAIR) for task, kind in CASES}


@pytest.mark.parametrize(("task", "kind"), CASES)
def test_a_pair_is_one_until_the_moment(pairs, task, kind):
    possible, impossible = pairs[task, kind]
    assert (possible.possible, impossible.possible) == (True, False)
    assert {clip.kind for clip in (possible, impossible)} == {kind}
    moment = possible.event_step
    assert moment == impossible.event_step
    one, other = possible.episode, impossible.episode
    assert one.images["camera"].shape == (STEPS + 1, SIDE, SIDE, 3)
    np.testing.assert_array_equal(one.actions, other.actions)
    np.testing.assert_array_equal(one.images["camera"][:moment], other.images["camera"][:moment])
    # A touch that begins at the end of the last step before shows in the joints' last digits only.
    before, after = (clip.vectors["joints"][:, :JOINTS] for clip in (one, other))
    np.testing.assert_allclose(before[:moment], after[:moment], atol=1e-6)
    np.testing.assert_allclose(before, after, atol=2e-3)
    assert shows(one, other, moment)
    assert (moment == 0) == (kind == "stranger")
    assert not shows(one, dataclasses.replace(other, images=one.images), moment)


def test_the_block_jumps_without_contact(pairs):
    possible, impossible = pairs["push", "teleport"]
    moment = possible.event_step
    jump = np.linalg.norm(np.diff(impossible.episode.truth["objects"][:, 0], axis=0), axis=1)
    assert jump[moment - 1] >= 0.08
    assert np.linalg.norm(np.diff(possible.episode.truth["objects"][:, 0], axis=0), axis=1).max() < 0.06
    away = possible.episode.truth["tip"][moment, :2] - possible.episode.truth["objects"][moment, 0, :2]
    assert np.linalg.norm(away) > 0.08


def test_the_block_is_gone(pairs):
    impossible = pairs["push", "vanish"][1]
    assert np.abs(impossible.episode.truth["objects"][impossible.event_step :, 0]).max() > 10.0
    assert np.abs(impossible.episode.truth["objects"][: impossible.event_step, 0]).max() < 1.0


def test_the_rod_passes_through_a_block_that_it_would_push(pairs):
    possible, impossible = pairs["push", "passes_through"]
    for clip, least, most in ((possible, 0.04, 1.0), (impossible, 0.0, 1e-3)):
        block = clip.episode.truth["objects"][:, 0, :2]
        assert least <= np.linalg.norm(block - block[0], axis=1).max() <= most
    way = impossible.episode.truth["tip"][:, :2] - impossible.episode.truth["objects"][:, 0, :2]
    assert np.linalg.norm(way, axis=1).min() < 0.04


def test_a_wall_is_no_occasion_to_be_passed_through_and_can_vanish():
    recorder = EventRecorder(configuration("barrier"))
    assert recorder.kinds == WALL_KINDS
    possible, impossible = recorder.record("vanish", PAIR)
    recorder.close()
    assert shows(possible.episode, impossible.episode, possible.event_step)


def test_afterwards_the_world_is_in_order_and_a_pair_is_the_same_again(recorders, pairs):
    for task, kind in (("push", "passes_through"), ("push", "teleport"), ("reach", "vanish")):
        again = recorders[task].record(kind, PAIR)
        for clip, before in zip(again, pairs[task, kind], strict=True):
            np.testing.assert_array_equal(clip.episode.images["camera"], before.episode.images["camera"])
            np.testing.assert_array_equal(clip.episode.truth["objects"], before.episode.truth["objects"])


def test_a_frozen_image_stands_still_while_the_joints_move(pairs):
    impossible = pairs["reach", "freeze"][1]
    rest = slice(impossible.event_step, impossible.event_step + 6)
    assert np.ptp(impossible.episode.truth["tip"][rest], axis=0).max() > 0.02
    images = impossible.episode.images["camera"][rest].astype(int)
    assert np.abs(images - images[0]).mean() < 3.0  # noise only


def test_collecting_writes_pairs_beside_the_data_set_once(tmp_path: Path):
    wanted = configuration("reach")
    assert len(missing_events(wanted, tmp_path)) == len(ARM_KINDS)
    done = list(collect_events(wanted, tmp_path))
    assert sorted(done) == sorted((kind, 0) for kind in ARM_KINDS)
    clips = [read_event(path) for path in list_events(tmp_path)]
    assert len(clips) == 2 * len(ARM_KINDS)
    assert missing_events(wanted, tmp_path) == []
    assert list(collect_events(wanted, tmp_path)) == []
