# SPDX-License-Identifier: Apache-2.0
"""What is learned from scenes photographed twice: a changed look changes nothing that matters."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from robots import made_up_robot
from small_data import SIDE, SQUARE, write_episodes
from small_model import SETTINGS
from small_training import TRAINING

from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES, DoubleExposure
from ami_ros.errors import EpisodeError
from ami_ros.model.known import inputs_of
from ami_ros.training.double_exposures import DoubleExposures, measure_alike, read_double_exposures
from ami_ros.training.pipeline import build_trainer, load_split

LOOKS, SCENES = 40, 4
SEEDS = (1, 2, 3)  # one alone may have luck
INPUTS = inputs_of(made_up_robot())


def exposure(seed: int, scenes: int = SCENES) -> DoubleExposure:
    """A square somewhere, bright on dark, and faint on a tinted ground."""
    generator = np.random.default_rng(seed)
    plain = np.full((scenes, SIDE, SIDE, 3), 30, np.uint8)
    tint, contrast = generator.integers(60, 140, 3), generator.uniform(0.3, 0.6)
    for scene in plain:
        row, column = generator.integers(0, SIDE - SQUARE, 2)
        scene[row : row + SQUARE, column : column + SQUARE] = (230, 128, 60)
    varied = (tint + contrast * (plain.astype(float) - 30.0)).astype(np.uint8)
    return DoubleExposure({"camera": varied}, {"camera": plain})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_episodes(folder, 16)
    for index in range(LOOKS):
        DOUBLE_EXPOSURE_FILES.write(folder, index, exposure(index))
    return folder


def test_the_last_looks_are_held_out(folder):
    paths = [DOUBLE_EXPOSURE_FILES.path(folder, i) for i in range(LOOKS)]
    training, held_out = read_double_exposures(paths, 0.25, INPUTS)
    assert (len(training), len(held_out)) == (30, 10)
    np.testing.assert_array_equal(held_out.plain[0][0], exposure(30).plain["camera"])
    (drawn,) = training.draw(6, np.random.default_rng(0))
    assert drawn.shape == (2, 6, SCENES, SIDE, SIDE, 3)
    known = {look.tobytes() for look in training.varied[0]}
    assert all(look.tobytes() in known for look in drawn[0])
    none, _ = read_double_exposures([], 0.25, INPUTS)
    assert len(none) == 0


def test_looks_of_unequal_size_are_refused(tmp_path):
    for index, scenes in enumerate((SCENES, SCENES + 1)):
        DOUBLE_EXPOSURE_FILES.write(tmp_path, index, exposure(index, scenes))
    with pytest.raises(EpisodeError, match="expected"):
        read_double_exposures([DOUBLE_EXPOSURE_FILES.path(tmp_path, i) for i in range(2)], 0.1, INPUTS)


@pytest.mark.slow
def test_training_on_them_makes_a_changed_look_matter_less(folder):
    split = load_split(sorted(folder.glob("episode_*.npz")), TRAINING.held_out, lambda: None, INPUTS)
    ended, errors, spreads = defaultdict(float), defaultdict(float), defaultdict(float)
    for weight, seed in itertools.product((0.0, 10.0), SEEDS):
        settings = dataclasses.replace(TRAINING, steps=120, alike_looks=4, alike_weight=weight, seed=seed)
        trainer = build_trainer(split, made_up_robot(action_block=1), SETTINGS, settings)
        losses = list(trainer.run())
        ended[weight] += sum(loss["alike"] for loss in losses[-30:])
        measured = measure_alike(trainer.model, split.exposures)
        errors[weight] += measured["error"]
        spreads[weight] += measured["spread"]
    assert ended[10.0] < 0.1 * ended[0.0]
    assert errors[10.0] < 0.8 * errors[0.0]
    assert spreads[10.0] > 1.5 * spreads[0.0]


def test_without_any_nothing_is_measured(folder):
    nothing = DoubleExposures((), ())
    split = load_split(sorted(folder.glob("episode_*.npz")), TRAINING.held_out, lambda: None, INPUTS)
    trainer = build_trainer(
        dataclasses.replace(split, exposures=nothing), made_up_robot(action_block=1), SETTINGS, TRAINING
    )
    assert "alike" not in next(iter(trainer.run()))
    assert measure_alike(trainer.model, nothing) is None
