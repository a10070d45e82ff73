# SPDX-License-Identifier: Apache-2.0
"""Recorded episodes as memories: a moment per action block, as the model sees it."""

from __future__ import annotations

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.memory.moment import Episode, Moment
from ami_ros.memory.store import Store
from ami_ros.model.many_moments import states_of
from ami_ros.model.runtime import ModelRuntime


def remember_episode(
    store: Store, record: EpisodeRecord, name: str, model: ModelRuntime, spec: RobotSpec, task: str
) -> int:
    """Add an episode to a memory; return how many moments it has.

    Args:
        store: the robot's store.
        record: recorded for `task`, with images as large as the model sees them.
        name: readable name of the episode.
        model: encodes the states.
        spec: the robot.
        task: the task with these cameras and channels.
    """
    block, steps = spec.action_block, len(record.actions)
    places = range(0, steps + 1, block)
    images = {camera: pictures[::block] for camera, pictures in record.images.items()}
    states = states_of(model, images, {name: rows[::block] for name, rows in record.vectors.items()})
    actions = spec.actions.normalised(record.actions.astype(np.float64)).astype(np.float32)
    moments = [
        Moment(
            stamp_ns=place * spec.step_ns,
            images={camera: pictures[place] for camera, pictures in record.images.items()},
            vectors={sensor: measured[place] for sensor, measured in record.vectors.items()},
            state=state,
            action=actions[place : place + block].reshape(-1) if place + block <= steps else None,
        )
        for place, state in zip(places, states.cpu().numpy(), strict=True)
    ]
    with store.together():  # concurrent forgetting would remove an episode that has no moments yet
        episode = store.begin(Episode(task, name, "recorded"))
        return len(store.append([(episode, moment) for moment in moments], model.sha256))
