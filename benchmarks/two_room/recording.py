# SPDX-License-Identifier: Apache-2.0
"""The expert's walks as episodes of a robot with a camera: pieces of equal length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from benchmarks.two_room.expert import DATA, Expert
from benchmarks.two_room.world import World

HELD = 5  # steps of the yardstick in a control step
PIECE = 6  # control steps of an episode


def record(
    folder: Path, spec: RobotSpec, side: int, walks: int, on_walk: Callable[[], None] = lambda: None
) -> None:
    """Write the first walks, in control steps; those of a number are always alike.

    Args:
        folder: for the episodes.
        spec: of the robot.
        side: of the pictures, px.
        walks: how many.
        on_walk: called after each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    world = World(side)
    expert, written = Expert(world), 0
    for number in range(walks):
        places, actions = expert.walk(DATA, number)
        steps = len(actions) // HELD
        held = actions[: steps * HELD].reshape(steps, HELD, 2).mean(axis=1)
        seen = places[: steps * HELD + 1 : HELD]
        pictures = [world.picture(place) for place in seen]
        for first in pieces(steps):
            end = first + PIECE
            piece = EpisodeRecord(
                images={spec.camera.name: np.stack(pictures[first : end + 1])},
                vectors={},
                actions=held[first:end].astype(np.float32),
                truth={"place": seen[first : end + 1].astype(np.float32)},
                look=np.asarray(PLAIN_LOOK, dtype=np.int64),
                body=recorded_body(spec),
                run=np.asarray(number, dtype=np.int64),
            )
            write_episode(episode_path(folder, written), piece)
            written += 1
        on_walk()


def pieces(steps: int) -> list[int]:
    """Return where the pieces of a walk begin: one after another, the last one at its end."""
    if steps < PIECE:
        return []
    return sorted({*range(0, steps - PIECE + 1, PIECE), steps - PIECE})
