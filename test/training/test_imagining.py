# SPDX-License-Identifier: Apache-2.0
"""A decoder fitted to a finished model: it draws, it is measured, and the model stays as it is."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from robots import made_up_robot
from small_data import STEPS, write_episodes
from small_model import SETTINGS as SMALL
from small_training import TRAINING

from ami_ros.model.known import inputs_of
from ami_ros.model.networks.decoder import Decoder
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.pixels import fitted
from ami_ros.model.weights import weights_sha256
from ami_ros.training.imagining import fit_imagination, steps_to_imagine
from ami_ros.training.pipeline import Split, build_trainer, load_split

SPEC = made_up_robot(action_block=1)
HORIZON = 4
SETTINGS = dataclasses.replace(TRAINING, decoder_steps=40, decoder_horizon=HORIZON)


@pytest.fixture(scope="module")
def split(tmp_path_factory) -> Split:
    paths = write_episodes(tmp_path_factory.mktemp("data"), 16)
    return load_split(paths, TRAINING.held_out, lambda: None, inputs_of(SPEC))


def network_of(split: Split) -> Jepa:
    return build_trainer(split, SPEC, SMALL, TRAINING).model.eval()


@pytest.mark.slow
def test_it_draws_better_than_an_unfitted_one_and_the_model_stays_to_the_bit(split):
    network = network_of(split)
    before, stages = weights_sha256(network), []
    decoder, facts, camera = fit_imagination(network, split, SPEC, SETTINGS, stages.append)
    assert weights_sha256(network) == before and camera == "camera"
    assert len(stages) == steps_to_imagine(split, SETTINGS)
    assert facts.horizon == HORIZON
    assert set(facts.errors) == {"joint_position", "tip_position", "object_position"}
    assert all(len(far) == HORIZON + 1 for far in facts.errors.values())
    images = torch.from_numpy(split.held_out.images["camera"][0])
    seen = fitted(images, 64)
    with torch.no_grad():
        latents = network.encode(0, images)
        drawn, blank = (
            (one(latents, torch.zeros(STEPS + 1))[:, :3] - seen).abs().mean()
            for one in (decoder, Decoder(network.view_size, HORIZON).eval())
        )
    assert drawn < 0.5 * blank


@pytest.mark.slow
def test_it_draws_no_further_ahead_than_episodes_are_long(split):
    settings = dataclasses.replace(SETTINGS, decoder_steps=1, decoder_horizon=STEPS + 5)
    _, facts, _ = fit_imagination(network_of(split), split, SPEC, settings)
    assert facts.horizon == STEPS
