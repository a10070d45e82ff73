# SPDX-License-Identifier: Apache-2.0
"""Fits a decoder to a finished model on its episodes."""

from __future__ import annotations

import torch

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.model.imagination import DecoderFacts
from ami_ros.model.known import inputs_of
from ami_ros.model.networks.decoder import Decoder
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.decoder import Scenes, fit_decoder
from ami_ros.training.fitting.descent import OnStep, unwatched
from ami_ros.training.latents import encode_episodes
from ami_ros.training.pipeline import Split
from ami_ros.training.recorded import recorded
from ami_ros.training.settings import TrainingSettings

CAMERA = 0  # the first camera is the one that is drawn


def steps_to_imagine(split: Split, training: TrainingSettings) -> int:
    """Return the number of steps that `fit_imagination` reports."""
    return len(split.training) + len(split.held_out) + training.decoder_steps


def fit_imagination(
    network: Jepa,
    split: Split,
    spec: RobotSpec,
    training: TrainingSettings,
    on_step: OnStep = unwatched,
) -> tuple[Decoder, DecoderFacts, str]:
    """Return a decoder of the first camera, what it is worth, and the camera's name.

    Args:
        network: a finished network with a camera.
        split: its data.
        spec: the robot.
        training: training settings.
        on_step: called with the name of the stage, `steps_to_imagine` times.
    """
    inputs = inputs_of(spec)

    def scenes(episodes: EpisodeSet) -> Scenes:
        read = recorded(episodes, inputs)
        encoded = encode_episodes(network, read, spec.actions, on_step)
        return Scenes(encoded, torch.from_numpy(read.images[CAMERA]), CAMERA)

    decoder, facts = fit_decoder(network, scenes(split.training), scenes(split.held_out), training, on_step)
    return decoder, facts, inputs.cameras[CAMERA]
