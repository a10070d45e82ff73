# SPDX-License-Identifier: Apache-2.0
"""A memory is shown to another model: what was kept is square, whatever the camera."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from observed import observed
from robots import HOME, JOINTS, made_up_robot
from small_model import IMAGE_SIZE, LATENT, in_memory, small_contract, small_jepa

from ami_ros.errors import GoalError, ImageError
from ami_ros.evaluation.reindex import reindex
from ami_ros.memory.goal_by_name import goal_of, named_goal
from ami_ros.memory.moment import Episode, sensed_moment
from ami_ros.memory.store import Store

SPEC = made_up_robot()  # its camera's pictures are wider than high
HEIGHT, WIDTH = SPEC.camera.height, SPEC.camera.width


@pytest.fixture
def model():
    network = small_jepa()
    world = in_memory(network, small_contract(network))
    world.sha256 = "n" * 64
    return world


def kept(side: int):
    """What a model that sees pictures of that side leaves in the memory."""
    image = np.random.default_rng(side).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return sensed_moment(observed(image, np.array(HOME)), {"camera": side}, ["joints"])


def store_of(path, side: int) -> Store:
    store = Store(path)
    (number,) = store.append([(store.begin(Episode("reach")), kept(side))])
    store.name("tray", number)
    return store


@pytest.mark.parametrize("side", [IMAGE_SIZE, IMAGE_SIZE + 7], ids=["as large", "kept for one that saw more"])
def test_what_was_kept_is_seen_again(tmp_path, model, side):
    with store_of(tmp_path / "robot.sqlite", side) as store:
        assert list(reindex(store, store.ids(), model)) == [1]
        _, states = store.states(model.sha256)
        goal = named_goal(store.path, "tray", "reach", SPEC)
    seen = model.world.encode(0, torch.from_numpy(kept(side).images["camera"]).unsqueeze(0))[0]
    np.testing.assert_allclose(states[0, :LATENT], seen.detach(), atol=5e-3)
    torch.testing.assert_close(model.encode_goal(goal, "slow").targets[0], seen)
    assert states.shape == (1, LATENT + 2 * JOINTS)


def test_what_was_kept_for_one_that_sees_less_is_refused(tmp_path, model):
    with store_of(tmp_path / "robot.sqlite", IMAGE_SIZE - 1) as store:
        with pytest.raises(ImageError, match="got 31x31, expected at least 32x32 with aspect ratio 1;"):
            list(reindex(store, store.ids(), model))
        assert len(store.states(model.sha256)[0]) == 0


def test_a_square_picture_of_somebody_else_is_still_refused(model):
    goal = goal_of(kept(IMAGE_SIZE), "tray", SPEC)
    with pytest.raises(GoalError, match="with aspect ratio 1.2; crop the image"):
        model.encode_goal(dataclasses.replace(goal, squared=False), "slow")
