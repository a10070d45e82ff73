# SPDX-License-Identifier: Apache-2.0
"""Training windows: shapes, alignment of frames and actions, and seeds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from small_data import ACTION, BODY, JOINTS, SIDE, STEPS, record, write_episodes

from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.episode import PLAIN_LOOK, write_episode
from ami_ros.errors import EpisodeError

EPISODES, COUNT, SPAN, BLOCK = 5, 40, 4, 2


@pytest.fixture(scope="module")
def episodes(tmp_path_factory) -> EpisodeSet:
    return EpisodeSet(write_episodes(tmp_path_factory.mktemp("data"), EPISODES))


def test_shapes(episodes):
    assert len(episodes) == EPISODES
    assert episodes.steps == STEPS
    windows = episodes.windows(COUNT, SPAN, np.random.default_rng(0))
    assert windows.images["camera"].shape == (COUNT, SPAN + 1, SIDE, SIDE, 3)
    assert windows.vectors["joints"].shape == (COUNT, SPAN + 1, 2 * JOINTS)
    assert windows.actions.shape == (COUNT, SPAN, ACTION)
    assert windows.truth["tip"].shape == (COUNT, SPAN + 1, 3)


def test_blocks_are_seen_at_their_ends(episodes):
    plain = episodes.windows(COUNT, SPAN * BLOCK, np.random.default_rng(3))
    windows = episodes.windows(COUNT, SPAN, np.random.default_rng(3), BLOCK)
    for kind, name in (("images", "camera"), ("vectors", "joints"), ("truth", "tip"), ("truth", "objects")):
        seen, steps = getattr(windows, kind)[name], getattr(plain, kind)[name]
        np.testing.assert_array_equal(seen, steps[:, ::BLOCK])
    assert windows.actions.shape == (COUNT, SPAN, BLOCK * ACTION)
    np.testing.assert_array_equal(windows.actions[:, 1, :ACTION], plain.actions[:, BLOCK])
    np.testing.assert_array_equal(windows.actions[:, 1, ACTION:], plain.actions[:, BLOCK + 1])
    with pytest.raises(EpisodeError, match="windows of 10 steps do not fit in episodes of 9 steps"):
        episodes.windows(COUNT, 5, np.random.default_rng(3), BLOCK)


def test_half_of_the_windows_look_plain_and_the_others_come_in_groups(episodes):
    windows = episodes.windows(COUNT, SPAN, np.random.default_rng(4), per_episode=4)
    assert (windows.looks[: COUNT // 2] == PLAIN_LOOK).all()
    groups = windows.looks[COUNT // 2 :].reshape(-1, 4)
    assert (groups != PLAIN_LOOK).all() and (groups == groups[:, :1]).all()
    with pytest.raises(EpisodeError, match="got 12 windows, expected a multiple of 8"):
        episodes.windows(12, SPAN, np.random.default_rng(4), per_episode=4)


def test_a_goal_lies_ahead_in_the_same_episode(episodes):
    windows = episodes.windows(COUNT, 1, np.random.default_rng(5), BLOCK, goal_blocks=1)
    np.testing.assert_array_equal(windows.goals["camera"], windows.images["camera"][:, 1])
    np.testing.assert_array_equal(windows.goals["joints"], windows.vectors["joints"][:, 1])
    far = episodes.windows(COUNT, 1, np.random.default_rng(5), BLOCK, goal_blocks=100)
    ends = episodes.images["camera"][:, -1].reshape(EPISODES, -1)
    at_the_end = [(image.ravel() == ends).all(axis=1).any() for image in far.goals["camera"]]
    assert np.mean(at_the_end) > 0.8, "goals beyond the episode are its end"


def test_truth_is_kept(episodes):
    np.testing.assert_array_equal(episodes.truth["objects"][1], record(1).truth["objects"])


def test_each_sensor_is_as_recorded(episodes):
    np.testing.assert_array_equal(episodes.vectors["joints"][0], record(0).vectors["joints"])
    np.testing.assert_array_equal(episodes.images["camera"][2], record(2).images["camera"])
    assert episodes.body == record(0).body


def test_an_action_lies_between_its_frames(episodes):
    windows = episodes.windows(COUNT, SPAN, np.random.default_rng(1))
    moved = np.diff(windows.truth["tip"], axis=1)
    inside = np.abs(windows.truth["tip"][:, 1:]) < 0.999  # the made-up world ends there
    np.testing.assert_allclose(moved[inside], (0.5 * windows.actions)[inside], atol=1e-6)


def test_windows_cover_all_starts_and_never_leave_an_episode(episodes):
    windows = episodes.windows(2000, STEPS - 1, np.random.default_rng(2))
    starts = {windows.truth["tip"][i, 0].tobytes() for i in range(2000)}
    possible = {episodes.truth["tip"][e, s].tobytes() for e in range(EPISODES) for s in (0, 1)}
    assert starts == possible


def test_a_window_may_be_as_long_as_an_episode_but_not_longer(episodes):
    assert episodes.windows(4, STEPS, np.random.default_rng(0)).actions.shape[1] == STEPS
    with pytest.raises(EpisodeError, match="windows of 10 steps do not fit in episodes of 9 steps"):
        episodes.windows(4, STEPS + 1, np.random.default_rng(0))


def test_the_same_seed_draws_the_same_windows(episodes):
    one, same, other = (episodes.windows(COUNT, SPAN, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.images["camera"], same.images["camera"])
    np.testing.assert_array_equal(one.actions, same.actions)
    assert not np.array_equal(one.actions, other.actions)


def test_the_hash_names_the_data(tmp_path, episodes):
    again = EpisodeSet(write_episodes(tmp_path / "again", EPISODES))
    assert again.sha256 == episodes.sha256
    other = EpisodeSet(write_episodes(tmp_path / "other", EPISODES, first_seed=1))
    assert other.sha256 != episodes.sha256


def test_what_was_done_was_meant_unless_the_episode_says_otherwise(tmp_path, episodes):
    np.testing.assert_array_equal(episodes.intended, episodes.actions)
    meant = record(1).actions + np.float32(0.1)
    paths = write_episodes(tmp_path, EPISODES)
    write_episode(paths[1], dataclasses.replace(record(1), intended=meant))
    mixed = EpisodeSet(paths)
    np.testing.assert_array_equal(mixed.intended[0], mixed.actions[0])
    np.testing.assert_array_equal(mixed.intended[1], meant)
    assert mixed.sha256 != episodes.sha256, "training reads it"


def test_progress_is_reported_once_per_file(tmp_path):
    seen = []
    EpisodeSet(write_episodes(tmp_path, 3), lambda: seen.append(1))
    assert len(seen) == 3


@pytest.mark.parametrize("sizes", [{"steps": STEPS + 1}, {"side": SIDE // 2}])
def test_unequal_episodes_name_both_files(tmp_path, sizes):
    paths = write_episodes(tmp_path / "a", 2) + write_episodes(tmp_path / "b", 1, **sizes)
    with pytest.raises(
        EpisodeError, match=r"b/episode_000000.npz: .*: got shape .* as in episode_000000.npz"
    ):
        EpisodeSet(paths)


def changed(seed: int, **changes):
    return dataclasses.replace(record(seed), **changes)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            changed(1, body=dataclasses.replace(BODY, channels=("x [m/s]", "y [m/s]", "z [mm/s]"))),
            r"1.npz: recorded with another body than episode_0.npz: channels: got .*mm/s.*, expected .*m/s",
        ),
        (
            changed(1, truth={"tip": record(1).truth["tip"]}),
            r"got arrays .*, expected .*'truth.objects'",
        ),
    ],
)
def test_episodes_of_another_body_are_refused(tmp_path, other, message):
    paths = [tmp_path / f"episode_{index}.npz" for index in range(2)]
    for path, episode in zip(paths, (record(0), other), strict=True):
        write_episode(path, episode)
    with pytest.raises(EpisodeError, match=message):
        EpisodeSet(paths)


def test_a_body_may_have_several_cameras_or_none(tmp_path):
    image, joints = record(0).images["camera"], record(0).vectors["joints"]
    cases = {
        "two": ({"camera": image, "wrist": image[:, ::2, ::2]}, {"joints": joints}),
        "none": ({}, {"joints": joints, "force": joints[:, :2]}),
    }
    for name, (images, vectors) in cases.items():
        labels = {sensor: tuple(map(str, range(values.shape[1]))) for sensor, values in vectors.items()}
        body = dataclasses.replace(BODY, images=tuple(images), vectors=labels)
        write_episode(tmp_path / name, changed(0, images=images, vectors=vectors, body=body))
        found = EpisodeSet([tmp_path / name])
        windows = found.windows(4, SPAN, np.random.default_rng(0))
        assert set(windows.images) == set(images) and set(windows.vectors) == set(vectors)
        assert set(windows.goals) == {*images, *vectors}
        for sensor, values in vectors.items():
            assert windows.vectors[sensor].shape == (4, SPAN + 1, values.shape[1])
            assert windows.goals[sensor].shape == (4, values.shape[1])
