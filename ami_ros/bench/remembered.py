# SPDX-License-Identifier: Apache-2.0
"""Data to remember, in any number: views of a simulated robot, and states that a model predicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import torch

from ami_ros.configuration import Configuration
from ami_ros.memory.moment import Floats, Moment, sensed_moment
from ami_ros.model.points import points_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world

BLOCKS = 8  # of random motion from a seen state
CORRELATION = 0.8  # of adjacent blocks: it leaves its start


def seen_moments(
    configuration: Configuration, model: ModelRuntime, count: int, seed: int, note: Callable[[], object]
) -> list[Moment]:
    """Return moments of a robot somewhere in its workspace, as the planner would remember them."""
    spec, generator = configuration.spec, np.random.default_rng(seed)
    world, task = open_world(spec, configuration.sim.physics_hz), load_task(configuration.task, spec)
    task.furnish(world)
    vectors, block = [s.name for s in spec.vectors_for("model")], spec.action_block * spec.action_size
    moments = []
    try:
        for number in range(count):
            somewhere = task.scatter(generator)
            world.reset(somewhere.start, somewhere.start_objects)
            observation = world.observe()
            sensed = sensed_moment(observation, model.sides, vectors)
            moments.append(
                dataclasses.replace(
                    sensed,
                    stamp_ns=number * spec.step_ns * spec.action_block,
                    state=model.sense(observation).state.cpu().numpy(),
                    action=generator.uniform(-1.0, 1.0, block).astype(np.float32),
                    distance=1.0,
                    surprise=0.5,
                    verdict="PASS",
                )
            )
            note()
    finally:
        world.close()
    return moments


def imagined_points(model: ModelRuntime, seen: Floats, count: int, seed: int) -> Floats:
    """Return points (count, P) of states that a model predicts after random motion from those seen (N, Z)."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.from_numpy(seen)
    found, have = [points_of(model, start).half()], len(start)
    size = model.contract.block * len(model.contract.channels)
    with torch.inference_mode():
        while have < count:
            state, action = start, torch.rand((len(start), size), generator=generator) * 2.0 - 1.0
            for _ in range(BLOCKS):
                noise = torch.randn(action.shape, generator=generator) * (1.0 - CORRELATION**2) ** 0.5
                action = (CORRELATION * action + noise).clamp(-1.0, 1.0)
                state = model.world.predict(state, action)
                found.append(points_of(model, state).half())
                have += len(state)
    points: Floats = torch.cat(found)[:count].numpy()
    return points
