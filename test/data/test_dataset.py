# SPDX-License-Identifier: Apache-2.0
"""Training windows: shapes, alignment of frames and actions, and seeds."""

from __future__ import annotations

import numpy as np
import pytest
from small_data import ACTION, JOINTS, SIDE, STEPS, record, write_episodes

from ami_ros.data.dataset import EpisodeSet
from ami_ros.data.episode import PLAIN_LOOK
from ami_ros.errors import EpisodeError

EPISODES, COUNT, SPAN, BLOCK = 5, 40, 4, 2


@pytest.fixture(scope="module")
def episodes(tmp_path_factory) -> EpisodeSet:
    return EpisodeSet(write_episodes(tmp_path_factory.mktemp("data"), EPISODES))


def test_shapes(episodes):
    assert len(episodes) == EPISODES
    assert episodes.steps == STEPS
    windows = episodes.windows(COUNT, SPAN, np.random.default_rng(0))
    assert windows.images.shape == (COUNT, SPAN + 1, SIDE, SIDE, 3)
    assert windows.joints.shape == (COUNT, SPAN + 1, 2 * JOINTS)
    assert windows.actions.shape == (COUNT, SPAN, ACTION)
    assert windows.tip.shape == (COUNT, SPAN + 1, 3)


def test_blocks_are_seen_at_their_ends(episodes):
    plain = episodes.windows(COUNT, SPAN * BLOCK, np.random.default_rng(3))
    windows = episodes.windows(COUNT, SPAN, np.random.default_rng(3), BLOCK)
    for name in ("images", "joints", "tip"):
        np.testing.assert_array_equal(getattr(windows, name), getattr(plain, name)[:, ::BLOCK])
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
    np.testing.assert_array_equal(windows.goals, windows.images[:, 1])
    far = episodes.windows(COUNT, 1, np.random.default_rng(5), BLOCK, goal_blocks=100)
    ends = episodes.images[:, -1].reshape(EPISODES, -1)
    at_the_end = [(image.ravel() == ends).all(axis=1).any() for image in far.goals]
    assert np.mean(at_the_end) > 0.8, "goals beyond the episode are its end"


def test_truth_is_kept(episodes):
    np.testing.assert_array_equal(episodes.objects[1], record(1).objects)


def test_joints_are_position_then_velocity(episodes):
    first = record(0)
    np.testing.assert_array_equal(episodes.joints[0, :, :JOINTS], first.joint_position)
    np.testing.assert_array_equal(episodes.joints[0, :, JOINTS:], first.joint_velocity)


def test_an_action_lies_between_its_frames(episodes):
    windows = episodes.windows(COUNT, SPAN, np.random.default_rng(1))
    moved = np.diff(windows.tip, axis=1)
    inside = np.abs(windows.tip[:, 1:]) < 0.999  # the made-up world ends there
    np.testing.assert_allclose(moved[inside], (0.5 * windows.actions)[inside], atol=1e-6)


def test_windows_cover_all_starts_and_never_leave_an_episode(episodes):
    windows = episodes.windows(2000, STEPS - 1, np.random.default_rng(2))
    starts = {windows.tip[i, 0].tobytes() for i in range(2000)}
    possible = {episodes.tip[e, s].tobytes() for e in range(EPISODES) for s in (0, 1)}
    assert starts == possible


def test_a_window_may_be_as_long_as_an_episode_but_not_longer(episodes):
    assert episodes.windows(4, STEPS, np.random.default_rng(0)).actions.shape[1] == STEPS
    with pytest.raises(EpisodeError, match="windows of 10 steps do not fit in episodes of 9 steps"):
        episodes.windows(4, STEPS + 1, np.random.default_rng(0))


def test_the_same_seed_draws_the_same_windows(episodes):
    one, same, other = (episodes.windows(COUNT, SPAN, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.images, same.images)
    np.testing.assert_array_equal(one.actions, same.actions)
    assert not np.array_equal(one.actions, other.actions)


def test_the_hash_names_the_data(tmp_path, episodes):
    again = EpisodeSet(write_episodes(tmp_path / "again", EPISODES))
    assert again.sha256 == episodes.sha256
    other = EpisodeSet(write_episodes(tmp_path / "other", EPISODES, first_seed=1))
    assert other.sha256 != episodes.sha256


def test_progress_is_reported_once_per_file(tmp_path):
    seen = []
    EpisodeSet(write_episodes(tmp_path, 3), lambda: seen.append(1))
    assert len(seen) == 3


@pytest.mark.parametrize("sizes", [{"steps": STEPS + 1}, {"side": SIDE // 2}])
def test_unequal_episodes_name_both_files(tmp_path, sizes):
    paths = write_episodes(tmp_path / "a", 2) + write_episodes(tmp_path / "b", 1, **sizes)
    with pytest.raises(
        EpisodeError, match=r"b/episode_000000.npz: images have shape .* as in episode_000000.npz"
    ):
        EpisodeSet(paths)
