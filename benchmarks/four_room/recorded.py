# SPDX-License-Identifier: Apache-2.0
"""The recordings as a memory: the value of the training data alone."""

from __future__ import annotations

import torch

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.memory.known_moments import KnownMoments
from ami_ros.model.many_moments import states_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.routes.settings import GraphRouteSettings
from benchmarks.recordings_as_memory import known_moments


def recorded_moments(
    episodes: EpisodeSet, model: ModelRuntime, spec: RobotSpec, how: GraphRouteSettings
) -> KnownMoments:
    """Return all control steps of recorded episodes, as the model sees them.

    Args:
        episodes: recorded.
        model: sees them.
        spec: of their robot.
        how: settings of the ways through the memory.
    """
    camera = spec.camera.name
    states = torch.cat([states_of(model, {camera: row}, {}) for row in episodes.images[camera]])
    return known_moments(states, episodes, model, spec, how)
