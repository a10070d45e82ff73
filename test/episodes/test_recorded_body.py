# SPDX-License-Identifier: Apache-2.0
"""A recording knows whose it is, and one of another body is refused with both sides shown."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from bodies import process_body

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.recorded_body import RecordedBody, body_of_text, check_same_body, recorded_body
from ami_ros.errors import EpisodeError

PANDA = recorded_body(load_robot("panda"))


def test_what_a_robots_recording_holds():
    assert PANDA.images == ("camera",)
    assert PANDA.channels == ("x [m/s]", "y [m/s]", "z [m/s]")
    joints = PANDA.vectors["joints"]
    assert len(joints) == 14
    assert (joints[0], joints[7]) == ("panda_joint1 [rad]", "panda_joint1 [rad/s]")


def test_a_body_without_cameras(tmp_path):
    body = recorded_body(load_robot(process_body(tmp_path)))
    assert body == RecordedBody(
        (),
        {
            "temperatures": ("boiler [degC]", "outlet [degC]"),
            "pressure": ("inlet [bar]",),
            "flow": ("outflow [l/min]",),
        },
        ("heater [W]", "valve [%]"),
    )
    assert body_of_text(Path("here"), body.to_text()) == body


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": ("wrist",)}, r"images: got \['wrist'\], expected \['camera'\]"),
        ({"channels": PANDA.channels[:2]}, r"channels: got \['x .m/s.', 'y .m/s.'\], expected .*'z .m/s.'"),
        ({"vectors": {}}, r"vectors: got {}, expected {'joints': \['panda_joint1 .rad.'"),
        ({"vectors": {**PANDA.vectors, "force": ("fx [N]",)}}, r"vectors: got {'force': .*}, expected {}"),
    ],
)
def test_another_body_is_refused_with_both_sides(changes, message):
    check_same_body("data", dataclasses.replace(PANDA), PANDA)
    with pytest.raises(EpisodeError, match=f"data: recorded with another body than the robot: {message}"):
        check_same_body("data", dataclasses.replace(PANDA, **changes), PANDA)


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", "[" * 100_000, '{"images": []}', '{"images": [1], "vectors": {}, "channels": []}'],
    ids=lambda text: text[:20],
)
def test_texts_that_are_no_body_are_refused(text):
    with pytest.raises(EpisodeError, match="here: body: .*; record it again"):
        body_of_text(Path("here"), text)
