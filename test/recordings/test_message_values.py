# SPDX-License-Identifier: Apache-2.0
"""Joint states of strangers: many names are refused as quickly, and in as few words, as few are."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from ami_ros.errors import JointStateError
from ami_ros.recordings.message_values import joints_from_ros

OURS = ("a", "b", "c")
MANY = [f"joint_{index}" for index in range(40_000)]


def state(*names: str) -> SimpleNamespace:
    numbers = np.arange(len(names), dtype=float)
    return SimpleNamespace(name=list(names), position=numbers, velocity=-numbers)


def test_the_order_is_free_and_what_is_declared_may_be_there():
    position, velocity = joints_from_ros(state("c", "finger", "a", "b"), OURS, ["finger"])
    assert position.tolist() == [2.0, 3.0, 0.0] and velocity.tolist() == [-2.0, -3.0, 0.0]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (MANY, "got .*: missing .*, unknown .*; expected"),
        ([*OURS, *MANY], r"missing \[\], unknown \['joint_0', .*\.\.\.\]"),
        ([*MANY, *MANY], "more than once, expected each once"),
        (["a", *MANY, "a"], r"got joints \['a'\] more than once"),
    ],
    ids=["others", "more", "all twice", "one twice"],
)
def test_many_names(names, message):
    begun = time.monotonic()
    with pytest.raises(JointStateError, match=message) as caught:
        joints_from_ros(state(*names), OURS)
    assert time.monotonic() - begun < 5.0 and len(str(caught.value)) < 2000
