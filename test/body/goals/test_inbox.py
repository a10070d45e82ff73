# SPDX-License-Identifier: Apache-2.0
"""The newest goal replaces the one before, but images with one stamp are one goal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ami_ros.body.goals.inbox import GoalInbox
from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ImageError

SPEC = load_robot("panda_wrist", "reach")
TOPICS = goal_topics(SPEC, with_memory=True)
SMALL, LARGE = (np.zeros((side, 24, 3), dtype=np.uint8) for side in (20, 22))
NOW_NS = 99


@pytest.fixture
def inbox() -> GoalInbox:
    def read(message: Any, sensor: Any) -> np.ndarray:
        if isinstance(message, str):
            raise ImageError(message)
        return message

    return GoalInbox(SPEC, read)


def taken(inbox: GoalInbox, subject: str, message: Any, stamp_ns: int) -> tuple[str, ...]:
    """The sensors of the goal after a message."""
    inbox.take(TOPICS[subject], message, stamp_ns, NOW_NS)
    return () if inbox.newest is None else inbox.newest.sensors


def test_images_with_one_stamp_are_one_goal(inbox):
    assert taken(inbox, "camera", SMALL, 5) == ("camera",)
    assert taken(inbox, "wrist", LARGE, 5) == ("camera", "wrist")
    assert inbox.newest.label == "image 24x20, image 24x22" and inbox.newest.stamp_ns == 5
    assert taken(inbox, "camera", LARGE, 5) == ("camera", "wrist")
    assert inbox.newest.label == "image 24x22, image 24x22", "the newest of each camera"
    assert taken(inbox, "wrist", LARGE, 6) == ("wrist",), "another goal"
    assert taken(inbox, "camera", SMALL, 0) == ("camera",)
    assert taken(inbox, "wrist", SMALL, 0) == ("wrist",), "nothing says that they belong together"
    assert inbox.newest.stamp_ns == 0
    assert taken(inbox, "joints", np.concatenate([SPEC.home, SPEC.home]), 7) == ("joints",)
    assert taken(inbox, "camera", SMALL, 7) == ("camera",)


def test_a_bad_goal_replaces_the_good_one_and_is_refused(inbox):
    taken(inbox, "camera", SMALL, 5)
    assert taken(inbox, "camera", "no image", 5) == () and inbox.refused == "goal refused: no image"
    assert taken(inbox, "camera", SMALL, 5) == ("camera",) and not inbox.refused


def test_a_name_without_a_memory_is_refused(inbox):
    assert taken(inbox, "name", SimpleNamespace(data="tray"), NOW_NS) == ()
    assert inbox.refused.endswith(
        "got the name 'tray', expected a goal of another kind: the planner has no memory"
    )
