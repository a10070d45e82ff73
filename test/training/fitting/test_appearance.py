# SPDX-License-Identifier: Apache-2.0
"""The appearance learns what lies beyond the range, and stays mute where nobody told it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from part_settings import load_training_settings
from small_model import IMAGE_SIZE, one_camera_and_joints, small_jepa

from ami_ros.episodes.oddity import ODDITY_FILES, OddityRecord
from ami_ros.training.fitting.appearance import Oddities, fit_appearance, oddness_of, read_oddities
from ami_ros.training.quality import beyond_the_range
from ami_ros.training.rank import roc_auc
from ami_ros.training.recorded import Recorded

EPISODES, STEPS, JOINTS = 6, 9, 4
INPUTS = one_camera_and_joints(JOINTS)
SETTINGS = dataclasses.replace(load_training_settings(), appearance_steps=60)


class Usual:
    """Smooth grey pictures."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        level = generator.integers(90, 160, (EPISODES, STEPS + 1, 1, 1, 3))
        self.images = np.broadcast_to(level, (EPISODES, STEPS + 1, IMAGE_SIZE, IMAGE_SIZE, 3)).astype(
            np.uint8
        )
        self.joints = generator.normal(size=(EPISODES, STEPS + 1, 2 * JOINTS)).astype(np.float32)

    def recorded(self) -> Recorded:
        return Recorded([self.images], self.joints, np.zeros((EPISODES, STEPS, 3), np.float32))

    def pictures(self) -> Oddities:
        images, joints = (
            self.images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE, 3),
            self.joints.reshape(-1, 2 * JOINTS),
        )
        return Oddities([images], joints, np.array(["usual"] * len(images)))


def odd(seed: int) -> Oddities:
    """The same with noise, and others that are too dark."""
    usual, generator = Usual(seed).pictures(), np.random.default_rng(seed + 100)
    (plain,) = usual.images
    noisy = np.clip(plain + generator.normal(0.0, 12.0, plain.shape), 0, 255).astype(np.uint8)
    kinds = np.array(["noise"] * len(usual) + ["dark"] * len(usual))
    return Oddities([np.concatenate([noisy, plain // 4])], np.tile(usual.vectors, (2, 1)), kinds)


@pytest.fixture(scope="module")
def fitted():
    model = small_jepa()
    fit_appearance(model, Usual(0).recorded(), odd(1), SETTINGS)
    return model


def test_unseen_pictures_beyond_the_range_are_told_from_usual_ones(fitted):
    usual = oddness_of(fitted, Usual(2).pictures())
    assert float(usual.min()) >= 0.0
    with torch.no_grad():
        fitted.surprise_gauge.scale.fill_(float(torch.quantile(usual, 0.99)))
    measured = beyond_the_range(fitted, usual, odd(3))
    assert set(measured) == {"noise", "dark"}
    for kind, figures in measured.items():
        assert figures["auc"] > 0.99, kind
        assert figures["surprised"] > 0.9, kind
    same = oddness_of(fitted, Usual(4).pictures())
    assert 0.2 < roc_auc(usual.numpy(), same.numpy()) < 0.8


def test_fitting_is_repeatable_and_touches_nothing_else():
    one, other, before = small_jepa(), small_jepa(), small_jepa().state_dict()
    for model in (one, other):
        fit_appearance(model, Usual(0).recorded(), odd(1), dataclasses.replace(SETTINGS, appearance_steps=3))
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
        if not name.startswith("appearances."):
            assert torch.equal(value, before[name]), name


def test_without_odd_pictures_it_is_mute():
    model = small_jepa()
    nothing = read_oddities([], 0.1, INPUTS)
    fit_appearance(model, Usual(0).recorded(), nothing.training, SETTINGS)
    assert len(torch.unique(oddness_of(model, odd(1)))) == 1
    assert beyond_the_range(model, torch.zeros(3), nothing.held_out) == {}


def test_the_last_moments_are_held_out_whole(tmp_path: Path):
    generator = np.random.default_rng(0)
    for index in range(10):
        images = generator.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
        joints = np.full(2 * JOINTS, index, dtype=np.float32)
        record = OddityRecord({"camera": images}, np.array(["light", "blur"]), {"joints": joints})
        ODDITY_FILES.write(tmp_path, index, record)
    split = read_oddities([ODDITY_FILES.path(tmp_path, i) for i in range(10)], 0.2, INPUTS)
    assert (len(split.training), len(split.held_out)) == (16, 4)
    assert sorted(set(split.held_out.vectors[:, 0])) == [8.0, 9.0]
    assert {kind: len(some) for kind, some in split.held_out.by_kind().items()} == {"light": 2, "blur": 2}
