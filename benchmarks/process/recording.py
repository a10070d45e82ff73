# SPDX-License-Identifier: Apache-2.0
"""Logs of a plant: operators who step the inputs, and PI controllers with a dither."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.types import FloatArray
from benchmarks.process.controllers import PI
from benchmarks.process.plants import Plant
from benchmarks.process.world import World

SEED = 10_000_000  # of the first logged episode: far from those that are judged
KEPT = (2, 12)  # control steps that an operator leaves the inputs as they are
DITHER = 0.1  # share of the range, around a PI controller
MODERATE = (0.5, 5.0)  # gain and reset of that controller: not tuned


class Logs:
    """Episodes of a plant: what was measured (E, S + 1, X), what was wanted and what was done (E, S, M)."""

    def __init__(self, plant: Plant, steps: int) -> None:
        world, count = World(plant), steps // (plant.steps - 1)
        seen: list[FloatArray] = []
        wanted: list[FloatArray] = []
        done: list[FloatArray] = []
        for number in range(2 * count):
            if len(seen) == count:
                break
            try:
                one = _episode(plant, world, number)
            except RuntimeError:  # of pc-gym's integrator
                continue
            for rows, part in zip((seen, wanted, done), one, strict=True):
                rows.append(part)
        self.seen, self.wanted, self.done = np.array(seen), np.array(wanted), np.array(done)

    def write(self, folder: Path, spec: RobotSpec) -> None:
        """Write them as episodes."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, (seen, wanted, done) in enumerate(zip(self.seen, self.wanted, self.done, strict=True)):
            inputs = np.concatenate([done[:1], done])  # before the first step as after it: nobody logged it
            measured = np.concatenate([seen, inputs], axis=1, dtype=np.float32)
            vectors = {name: measured[:, at : at + 1] for at, name in enumerate(spec.sensors)}
            record = EpisodeRecord(
                images={},
                vectors=vectors,
                actions=wanted.astype(np.float32),
                truth={},
                look=np.asarray(PLAIN_LOOK, dtype=np.int64),
                body=recorded_body(spec),
            )
            write_episode(episode_path(folder, number), record)


def _episode(plant: Plant, world: World, number: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    generator = np.random.default_rng([7, number])
    low, high = np.array(plant.low), np.array(plant.high)
    loop, wanted = PI(plant, *MODERATE), np.array(plant.first)
    seen, asked, done = [world.begin(SEED + number)], [], []
    loop.begin(world)
    left = 0
    while not world.ends:
        if number % 2:
            wanted = loop.act(world, seen[-1]) + DITHER * (high - low) * generator.standard_normal(len(low))
        elif left == 0:
            left = int(generator.integers(*KEPT))
            wanted = generator.uniform(low, np.minimum(high, world.inputs + plant.step_up * (high - low)))
        left -= 1
        wanted = np.clip(wanted, low, high)
        values, _ = world.act(wanted)
        seen.append(values)
        asked.append(wanted)
        done.append(world.inputs)
    return np.array(seen), np.array(asked), np.array(done)
