# SPDX-License-Identifier: Apache-2.0
"""The strip on ~/imagination: one picture per action block, and grey where the model knows nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from observed import observed

from ami_ros.model.imagination import DecoderFacts, Imagination
from ami_ros.model.networks.decoder import SIDE, Decoder
from ami_ros.ros.planner.imagined import Imagined
from ami_ros.ros.planner.onlookers import Thought
from ami_ros.ros.wire.messages import image_from_ros, stamp_to_ns
from ami_ros.types import Plan

LATENT, STATE, BLOCKS, STAMP_NS, DOUBTFUL, GREY = 5, 7, 3, 4_000_000_007, 5.0, 140
PLAN = Plan(
    actions=np.zeros((BLOCKS, 1, 2)),
    step_ns=1,
    cost=0.0,
    cost_terms={},
    distance=1.0,
    arrived=False,
    predicted=np.ones((BLOCKS, STATE), np.float32),
    iterations=1,
    deadline_met=True,
    observation_stamp_ns=STAMP_NS,
    proposal="random",
    state=np.zeros(STATE, np.float32),
)
SEEN = observed(np.full((SIDE, SIDE, 3), 90, np.uint8), np.zeros(2), STAMP_NS)


class Sent:
    """Takes what is published, while somebody listens."""

    def __init__(self) -> None:
        self.listeners, self.messages = 0, []

    def get_subscription_count(self) -> int:
        return self.listeners

    def publish(self, message) -> None:
        self.messages.append(message)


@pytest.fixture
def imagined():
    torch.manual_seed(0)
    decoder = Decoder(LATENT, BLOCKS).eval()
    decoder.usual.fill_(1e6)
    sent = Sent()
    return Imagined(sent, Imagination(decoder, DecoderFacts(BLOCKS, {}), "camera"), DOUBTFUL), sent


def strip(imagined, **changes):
    it, sent = imagined
    it.show(Thought(dataclasses.replace(PLAN, **changes), SEEN))
    return image_from_ros(sent.messages[-1])


def test_a_strip_has_a_picture_per_block_and_the_observation_s_stamp(imagined):
    assert strip(imagined).shape == (SIDE, BLOCKS * SIDE, 3)
    message = imagined[1].messages[-1]
    assert stamp_to_ns(message.header.stamp) == STAMP_NS and message.header.frame_id == "camera"


@pytest.mark.parametrize(
    ("changes", "grey"),
    [
        ({"surprise": 1.0, "disagreement": DOUBTFUL}, False),
        ({"surprise": 1.1}, True),
        ({"disagreement": DOUBTFUL + 0.1}, True),
    ],
)
def test_it_is_grey_with_surprise_or_doubt(imagined, changes, grey):
    assert (set(strip(imagined, **changes).flat) == {GREY}) is grey


def test_without_a_picture_or_a_model_s_state_there_is_nothing_to_show(imagined):
    it, sent = imagined
    it.show(Thought(dataclasses.replace(PLAN, state=None), SEEN))
    it.show(Thought(PLAN, dataclasses.replace(SEEN, readings={"joints": SEEN["joints"]})))
    assert not sent.messages


def test_it_is_computed_only_for_those_who_listen(imagined):
    it, sent = imagined
    assert not it.listens()
    sent.listeners = 1
    assert it.listens()
