# SPDX-License-Identifier: Apache-2.0
"""Figures in words: singular and plural, nothing and everything."""

from __future__ import annotations

import pytest

from ami_ros.model.judging.wording import seen, trusted, worth_knowing

BLOCK_S = 0.2


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        ([0.1, 0.2], "trusted 2 action blocks (0.4 s) ahead, which is all that was measured: there its error is 20%"),
        ([0.9, 0.5, 0.9], "trusted 2 action blocks (0.4 s) ahead: there"),  # noise makes the first one large
        ([0.4, 0.8], "trusted 1 action block (0.2 s) ahead: there"),
        ([0.9, float("inf")], "cannot be trusted to predict anything: its error is never below 70%"),
        ([], "not measured"),
    ],
)  # fmt: skip
def test_how_far_ahead(ahead, says):
    assert says in trusted(ahead, 0.7, BLOCK_S)


@pytest.mark.parametrize(
    ("probes", "says"),
    [
        ({"tip_position": 0.99}, ["It sees the tip position to within 10% of the standard deviation."]),
        ({"a": 0.2, "b": -3.0}, ["It hardly sees the a and the b."]),
        ({"a": 0.75, "b": 0.2}, ["It sees the a to within 50% of the standard deviation.", "It hardly sees the b."]),
    ],
)  # fmt: skip
def test_what_it_sees(probes, says):
    assert list(seen({"probes": probes})) == says


def test_what_it_knows_of_its_ignorance():
    odd = {"light": {"auc": 0.97}, "camera_pose": {"auc": 0.8}, "broken": 3}
    told = " ".join(worth_knowing({"surprise_auc": 0.95, "beyond_range": odd}))
    assert "tells impossible events from possible ones (AUC 0.95)" in told
    assert "does not always tell pictures" in told and "AUC 0.80 to 0.97, worst: camera pose" in told
    assert "was not measured" in " ".join(worth_knowing({"surprise_auc": None, "beyond_range": {}}))
