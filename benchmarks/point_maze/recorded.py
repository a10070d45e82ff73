# SPDX-License-Identifier: Apache-2.0
"""The recorded walks as a memory."""

from __future__ import annotations

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
    """Return the recorded walks, as the model sees them.

    Args:
        episodes: recorded.
        model: sees them.
        spec: of their robot.
        how: settings of the routes through the memory.
    """
    vectors = {name: values.reshape(-1, values.shape[2]) for name, values in episodes.vectors.items()}
    states = states_of(model, {}, vectors)
    return known_moments(states, episodes, model, spec, how)
