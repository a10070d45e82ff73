# SPDX-License-Identifier: Apache-2.0
"""What `python -m benchmarks.real` does to pictures, and that a model which sees tells spoiled ones apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from robots import made_up_robot
from small_data import JOINTS, SIDE, record, write_episodes
from small_model import SETTINGS
from small_training import TRAINING

from ami_ros.model.known import inputs_of
from ami_ros.training.pipeline import build_trainer, finish, load_split
from benchmarks.real.spoiling import SHIFT, SPOILERS, of_another_set, surprise_aucs

AFTER = np.random.default_rng(0).integers(1, 255, (5, SIDE, SIDE, 3), dtype=np.uint8)
LAST = np.full((SIDE, SIDE, 3), 7, np.uint8)


@pytest.mark.parametrize("kind", SPOILERS)
def test_a_spoiled_picture_is_another_and_the_given_one_is_left_alone(kind):
    before = AFTER.copy()
    spoiled = SPOILERS[kind](AFTER, LAST, np.random.default_rng(1))
    assert spoiled.shape == AFTER.shape and spoiled.dtype == np.uint8
    assert (spoiled != AFTER).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(AFTER, before)


def test_how_pictures_are_spoiled():
    by, chance = round(SHIFT * SIDE), np.random.default_rng(1)
    shifted, stranger = (SPOILERS[kind](AFTER, LAST, chance) for kind in ("shifted", "unknown_object"))
    np.testing.assert_array_equal(shifted[:, by:, by:], AFTER[:, :-by, :-by])
    assert not shifted[:, :by].any() and not shifted[:, :, :by].any()
    changed = (stranger != AFTER).any(axis=-1).mean(axis=(1, 2))
    assert (changed > 0.01).all() and (changed < 0.1).all()
    assert (SPOILERS["frozen"](AFTER, LAST, chance) == 7).all()
    others = of_another_set(np.stack([np.full_like(LAST, value) for value in (50, 60)]))(AFTER, LAST, chance)
    assert set(np.unique(others)) == {50, 60}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    spec = made_up_robot(action_block=1)
    inputs = inputs_of(spec)
    paths = write_episodes(tmp_path_factory.mktemp("data"), 16)
    split = load_split(paths, TRAINING.held_out, lambda: None, inputs)
    it = build_trainer(split, spec, SETTINGS, dataclasses.replace(TRAINING, steps=60))
    list(it.run())
    quality = finish(it.model, split, spec, "reach", TRAINING).quality
    return it.model, inputs, spec, quality


def test_pictures_of_the_small_world_show_where_the_square_is(trained):
    each = trained[-1]["shown"]["joints"]
    assert len(each) == JOINTS and max(each[:2]) > 0.5  # the square's place; its colour shows the third


def test_a_model_of_the_small_world_notices_black_pictures(trained):
    model, inputs, spec, _ = trained
    held_out = [record(seed, steps=30) for seed in range(70, 76)]
    found = surprise_aucs(model, inputs, spec.actions, held_out, 8, 0)
    assert set(found) == set(SPOILERS)
    assert found["covered"] == 1.0
    assert surprise_aucs(model, inputs, spec.actions, held_out, 8, 0, AFTER)["another_set"] > 0.9
