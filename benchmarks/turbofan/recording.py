# SPDX-License-Identifier: Apache-2.0
"""Logs of flights under the engine's usual controller, excited within its limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.types import FloatArray
from benchmarks.turbofan.controllers import MinMax
from benchmarks.turbofan.limits import FIRST, HIGH, LOW, STEPS
from benchmarks.turbofan.world import World

SEED = 10_000_000  # of the first logged flight: far from those that are judged
KEPT = (4, 20)  # control steps that an excitation of nozzle and bleed stays
DITHER, BUMP = 0.01, (-0.06, 0.06)  # noise and steps of the fuel, decades
BUMPED = (2, 10)  # control steps that such a step stays
MODERATE = (3.0, 1.4)  # gain and schedule of that controller: not tuned
LEAST_BLEED = -0.03  # next to the schedule's
SHY = 0.5  # of an excitation is left while a margin is small
NEAR = 0.06  # of the low-pressure compressor


class Logs:
    """Flights: what was measured (E, S + 1, 12), what was wanted and what was done (E, S, 3).

    Args:
        world: the engine.
        steps: control steps, at most.
        on_flight: called after each.
    """

    def __init__(self, world: World, steps: int, on_flight: Callable[[], None] = lambda: None) -> None:
        flights = []
        for number in range(steps // STEPS):
            flights.append(_flight(world, number))
            on_flight()
        self.seen, self.wanted, self.done = (np.array(part) for part in zip(*flights, strict=True))

    def write(self, folder: Path, spec: RobotSpec) -> None:
        """Write them as episodes."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, (seen, wanted) in enumerate(zip(self.seen, self.wanted, strict=True)):
            write_episode(episode_path(folder, number), record_of(seen, wanted, spec))


def record_of(seen: FloatArray, wanted: FloatArray, spec: RobotSpec) -> EpisodeRecord:
    """Return a flight, measured (S + 1, 12) and wanted (S, 3), as an episode."""
    measured = seen.astype(np.float32)
    return EpisodeRecord(
        images={},
        vectors={name: measured[:, at : at + 1] for at, name in enumerate(spec.sensors)},
        actions=wanted.astype(np.float32),
        truth={},
        look=np.asarray(PLAIN_LOOK, dtype=np.int64),
        body=recorded_body(spec),
    )


def _flight(world: World, number: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    generator, loop = np.random.default_rng([9, number]), MinMax(*MODERATE)
    seen, asked, done = [world.begin(SEED + number)], [], []
    loop.begin(world)
    held = bumped = 0
    nozzle, bleed, bump = FIRST[1], 0.0, 0.0
    while not world.ends:
        wanted = loop.act(world, seen[-1])
        if held == 0:
            held, nozzle = int(generator.integers(*KEPT)), float(generator.uniform(LOW[1], HIGH[1]))
            bleed = float(generator.uniform(LEAST_BLEED, HIGH[2]))
        if bumped == 0:
            bumped, bump = int(generator.integers(*BUMPED)), float(generator.uniform(*BUMP))
        held, bumped = held - 1, bumped - 1
        fuel = wanted[0] + bump + DITHER * generator.standard_normal()
        excited = np.array([fuel, nozzle, max(wanted[2] + bleed, 0.0)])
        if seen[-1][7] < NEAR:  # a careful operator stops where a compressor's margin is small
            excited = wanted + SHY * (excited - wanted)
            excited[2] = max(excited[2], wanted[2])
        excited = np.clip(excited, LOW, HIGH)
        seen.append(world.act(excited))
        asked.append(excited)
        done.append(world.inputs)
    return np.array(seen), np.array(asked), np.array(done)
