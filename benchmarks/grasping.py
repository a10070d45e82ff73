# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks grasping`: how often the script of a task with a hand succeeds, or aimless motion."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import typer

from ami_ros.cli import options
from ami_ros.configuration import Configuration
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.task import Motion
from ami_ros.sim.world.open_world import open_world

ROWS = ("script", "aimless")
DATA_EPISODES = 20  # recorded as training data, to count frames per second of processor time


def grasping(
    task: Annotated[str, typer.Option(help="pick, place, stack, or a path.")] = "pick",
    robot: Annotated[str, typer.Option(help="A robot with a hand.")] = "panda_hand",
    episodes: Annotated[int, typer.Option(help="Episodes of each row.", min=1)] = 50,
    seed: options.Seed = 70001,
    json_file: options.Json = None,
) -> None:
    """Run the script that reads the truth, and aimless motion, through the gate; and time training data.

    Example: python -m benchmarks grasping --task stack --episodes 50
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.report.statistics import wilson
    from ami_ros.system.terminal import say
    from ami_ros.system.whole_file import check_writable

    check_writable(json_file)
    configuration = Configuration.load(robot, task)
    figures: dict[str, Any] = {"task": task, "robot": robot, "seed": seed, "episodes": episodes}
    with progress_bar("grasping", episodes * len(ROWS)) as bar:
        for row in ROWS:
            figures[row] = succeeded(configuration, row, range(seed, seed + episodes), lambda: bar.update(1))
            low, high = wilson(figures[row], episodes)
            say(f"{task}, {row}: {figures[row]} of {episodes} ({low:.2f} to {high:.2f})")
    figures["frames_per_s"] = frames_per_s(configuration)
    say(f"{task}: {figures['frames_per_s']:.0f} frames of training data per second of one core")
    write_json(json_file, {**figures, "hardware": hardware(), "versions": versions()})


def succeeded(configuration: Configuration, row: str, seeds: range, note: Callable[[], object]) -> int:
    """Return in how many episodes a row of the table ended at the goal, judged by the truth."""
    spec, task = configuration.spec, load_task(configuration.task, configuration.spec)
    world = open_world(spec, configuration.sim.physics_hz)
    task.furnish(world)
    loop, count = ClosedLoop(world, spec, configuration.safety), 0
    for seed in seeds:
        episode = task.episode(seed)
        motion: Motion | None = task.oracle(episode)
        if row != "script" or motion is None:
            generator = np.random.default_rng(seed)
            # The settings of training data, without scripted or attracted episodes.
            motion = task.grip.aimless(configuration.collect, generator)  # type: ignore[attr-defined]
        result = loop.run(Oracle(world, spec, motion), seed, task)
        count += bool(result.error[-1] <= result.yardstick.loosest.error)
        note()
    world.close()
    return count


def frames_per_s(configuration: Configuration) -> float:
    """Return how many moments of training data, each with every camera, one core records per second."""
    from ami_ros.sim.collect.episodes import Collector

    collector = Collector(configuration)
    started = time.process_time()
    frames = sum(len(collector.record(index).actions) + 1 for index in range(DATA_EPISODES))
    seconds = time.process_time() - started
    collector.close()
    return frames / seconds
