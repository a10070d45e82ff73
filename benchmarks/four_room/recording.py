# SPDX-License-Identifier: Apache-2.0
"""Training data of the four rooms: half by an unsteady expert, half by an explorer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from benchmarks.four_room.behaviour import Explorer, UnsteadyExpert
from benchmarks.four_room.view import STEPS, View
from benchmarks.four_room.world import DOORS, OPEN, FourRoom, free_place

EPISODE_STEPS = 400  # of the world
CLOSED = 0.5  # share of the episodes with a closed door


def random_doors(generator: np.random.Generator) -> int:
    """Return the index of the closed door, or OPEN."""
    return int(generator.integers(len(DOORS))) if generator.random() < CLOSED else OPEN


class RoomRecorder:
    """Records episodes into a folder, each atomically; the same number gives the same episode.

    The first control step only shows how the dots move: the first view is the one after it.

    Args:
        folder: for the files.
        spec: of config/four_room/agent.yaml.
        seed: of the data set.
        side: of the images, px.
    """

    def __init__(self, folder: Path, spec: RobotSpec, seed: int, side: int) -> None:
        self._folder, self._spec, self._seed, self._side = folder, spec, seed, side

    def path(self, number: int) -> Path:
        """Return the file of an episode."""
        return self._folder / f"episode_{number:06d}.npz"

    def missing(self, episodes: int) -> list[int]:
        """Return which of the first `episodes` are missing."""
        return [number for number in range(episodes) if not self.path(number).is_file()]

    def record(self, number: int) -> None:
        """Record one episode; even numbers are the expert's."""
        generator = np.random.default_rng([self._seed, number])
        closed = random_doors(generator)
        world = FourRoom(free_place(generator, closed), free_place(generator, closed), closed)
        expert = UnsteadyExpert(closed, generator) if number % 2 == 0 else None
        explorer, double = Explorer(generator), Explorer(generator)
        images, actions, agents, doubles = [], [], [], []
        for _ in range(EPISODE_STEPS // STEPS):
            before, done = world.image(), []
            for _ in range(STEPS):
                action = explorer.action() if expert is None else expert.action(world.agent)
                world.step(action, double.action(), generator)
                done.append(np.clip(action, -1.0, 1.0))
            actions.append(np.mean(done, axis=0))
            images.append(View(before, world.image(), actions[-1]).image(self._side))
            agents.append(world.agent)
            doubles.append(world.double)
        truth = {"agent": agents, "double": doubles}
        record = EpisodeRecord(
            images={self._spec.camera.name: np.stack(images)},
            vectors={},
            actions=np.array(actions[1:], dtype=np.float32),
            truth={name: np.array(places, dtype=np.float32) for name, places in truth.items()},
            look=np.asarray(PLAIN_LOOK, dtype=np.int64),
            body=recorded_body(self._spec),
        )
        write_episode(self.path(number), record)


def record(recorder: RoomRecorder, number: int) -> None:
    """Record an episode: a job of a worker."""
    recorder.record(number)
