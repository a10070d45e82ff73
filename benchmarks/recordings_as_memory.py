# SPDX-License-Identifier: Apache-2.0
"""Recorded episodes as a memory: the value of the training data alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.memory.known_moments import KnownMoments
from ami_ros.model.many_moments import states_of
from ami_ros.model.points import points_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.routes.settings import GraphRouteSettings


def pictured_moments(
    episodes: EpisodeSet, model: ModelRuntime, spec: RobotSpec, how: GraphRouteSettings
) -> KnownMoments:
    """Return all control steps of episodes that one camera recorded.

    Args:
        episodes: recorded.
        model: sees them.
        spec: of their robot.
        how: settings of the routes through the memory.
    """
    camera = spec.camera.name
    states = torch.cat([states_of(model, {camera: row}, {}) for row in episodes.images[camera]])
    return known_moments(states, episodes, model, spec, how)


def measured_moments(
    episodes: EpisodeSet, model: ModelRuntime, spec: RobotSpec, how: GraphRouteSettings
) -> KnownMoments:
    """Return all control steps of episodes without pictures.

    Args:
        episodes: recorded.
        model: sees them.
        spec: of their robot.
        how: settings of the routes through the memory.
    """
    vectors = {name: values.reshape(-1, values.shape[2]) for name, values in episodes.vectors.items()}
    return known_moments(states_of(model, {}, vectors), episodes, model, spec, how)


def known_moments(
    states: Tensor, episodes: EpisodeSet, model: ModelRuntime, spec: RobotSpec, how: GraphRouteSettings
) -> KnownMoments:
    """Return all control steps of recorded episodes, as the model sees them.

    Args:
        states: (E (S + 1), Z) of all control steps, one episode after another.
        episodes: recorded.
        model: sees them.
        spec: of their robot.
        how: settings of the routes through the memory.
    """
    steps = episodes.steps
    actions = spec.actions.normalised(episodes.actions.astype(np.float64)).astype(np.float32)
    known = KnownMoments(how.radius, how.reach, spec.action_block, actions.shape[2])
    known.learn(
        np.arange(len(states)),
        states.cpu().numpy(),
        points_of(model, states).cpu().numpy(),
        np.repeat(np.arange(len(episodes)), steps + 1),
        np.tile(np.arange(steps + 1, dtype=np.float32), len(episodes)),
        [action for episode in actions for action in [*episode, None]],
    )
    return known
