# SPDX-License-Identifier: Apache-2.0
"""The nouns refuse what they cannot mean."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

import ami_ros.errors
from ami_ros.errors import AmiError, ConfigError, GoalError, ImageError, JointStateError, ObservationError
from ami_ros.types import (
    PASS,
    Goal,
    Level,
    Observation,
    Reading,
    Reason,
    Verdict,
    checked_image,
    checked_joints,
)

JOINTS, HEIGHT, WIDTH = 5, 6, 8
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((HEIGHT, WIDTH), np.uint8),
        np.zeros((HEIGHT, WIDTH, 4), np.uint8),
        np.zeros((1, HEIGHT, WIDTH, 3), np.uint8),
        np.zeros((HEIGHT, WIDTH, 3), np.float32),
        [[[0, 0, 0]]],
        None,
    ],
    ids=["grey", "rgba", "batch", "float", "list", "None"],
)
def test_only_rgb8_arrays_are_images(image):
    with pytest.raises(
        ImageError, match=r"left eye: got .*, expected a uint8 RGB array of shape \(H, W, 3\)"
    ):
        checked_image(image, "left eye")


@pytest.mark.parametrize("shape", [(0, WIDTH, 3), (HEIGHT, 0, 3), (0, 0, 3)])
def test_an_image_has_pixels(shape):
    with pytest.raises(ImageError, match="empty"):
        checked_image(np.zeros(shape, np.uint8))


def test_good_values_come_back():
    assert checked_image(IMAGE) is IMAGE
    joints = checked_joints([1, 2, 3], "joints", 3)
    assert joints.dtype == np.float64
    assert joints.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(JOINTS - 1), r"got shape \(4,\), expected a vector of 5 numbers"),
        (np.zeros((1, JOINTS)), "expected a vector of 5 numbers"),
        (np.array([0, 0, np.nan, 0, np.inf]), r"non-finite at index \[2, 4\]"),
        (None, r"got shape \(\)"),
        (["a"] * JOINTS, "expected numbers"),
        ([[1, 2], [3]], "expected numbers"),
    ],
)
def test_joints_are_finite_vectors_of_the_right_length(values, message):
    with pytest.raises(JointStateError, match=message):
        checked_joints(values, "state", JOINTS)


def test_an_observation_checks_all_its_readings():
    good = {"eye": Reading(IMAGE, 9, 10), "joints": Reading(np.zeros(JOINTS), 7, 8)}
    assert Observation(good)["joints"].stamp_ns == 7
    assert Observation(good).stamp_ns == 9, "that of the image: the vectors are as new at least"
    assert Observation({"joints": good["joints"]}).stamp_ns == 7
    for name, value, error in (
        ("eye", IMAGE[..., 0], ImageError),
        ("joints", np.full(JOINTS, np.nan), ObservationError),
        ("joints", np.zeros((1, JOINTS)), ObservationError),
    ):
        with pytest.raises(error, match=f"observation {name}"):
            Observation({**good, name: Reading(value, 7, 7)})
    with pytest.raises(ObservationError, match=r"got \['eye', 'joints'\], expected 'nose' as well"):
        Observation(good)["nose"]
    with pytest.raises(ObservationError, match="no readings"):
        Observation({})


def test_a_goal_is_either_images_or_vectors():
    assert not Goal(images={"eye": IMAGE}).vectors
    assert not Goal(vectors={"joints": np.zeros(JOINTS)}).images
    with pytest.raises(GoalError, match="got nothing, expected exactly one of images, vectors"):
        Goal()
    with pytest.raises(GoalError, match=r"got \['eye', 'joints'\]"):
        Goal(images={"eye": IMAGE}, vectors={"joints": np.zeros(JOINTS)})
    with pytest.raises(ImageError, match="goal image of eye"):
        Goal(images={"eye": IMAGE[..., :2]})
    with pytest.raises(ObservationError, match="goal joints: non-finite"):
        Goal(vectors={"joints": np.array([np.nan])})


def test_verdicts_combine_to_the_worst_and_keep_every_reason():
    hold, stop = Verdict(Level.HOLD, (Reason("A"),)), Verdict(Level.STOP, (Reason("B", {"x_s": 1.5}),))
    for both in (hold | stop, PASS | hold | stop):
        assert both.level is Level.STOP
        assert [str(reason) for reason in both.reasons] == ["A", "B(x_s=1.5)"]
    assert (stop | hold).level is Level.STOP
    assert list(Level) == sorted(Level)


@pytest.mark.parametrize("cls", [Goal, Observation, Verdict, Reason])
def test_nouns_are_frozen(cls):
    assert cls.__dataclass_params__.frozen
    with pytest.raises(dataclasses.FrozenInstanceError):
        PASS.level = Level.STOP


def test_every_error_has_one_root_and_a_docstring():
    errors = [
        cls
        for _, cls in inspect.getmembers(ami_ros.errors, inspect.isclass)
        if cls.__module__ == "ami_ros.errors"
    ]
    assert len(errors) > 10
    for cls in errors:
        assert issubclass(cls, AmiError)
        assert cls.__doc__
    assert issubclass(ami_ros.errors.EmbodimentError, ConfigError)
