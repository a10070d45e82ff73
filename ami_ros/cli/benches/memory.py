# SPDX-License-Identifier: Apache-2.0
"""`ami-ros bench memory`: what remembering costs, and how fast the past is found again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options

if TYPE_CHECKING:
    from ami_ros.cli.progress import ProgressBar
    from ami_ros.configuration import Configuration
    from ami_ros.model.runtime import ModelRuntime

SIZES = [10_000, 100_000, 1_000_000]
MOST_STATES = 10_000_000
SEEN = 1000  # moments from the simulator
SEED = 1
RATE_S = 5.0  # of writing as fast as possible


def memory(
    model: options.Model = None,
    robot: options.Robot = None,
    task: options.Task = None,
    size: Annotated[list[int], typer.Option(help="States to search; may be given several times.")] = SIZES,
    cycles: Annotated[
        int, typer.Option(help="Planner cycles with a memory, and as many without.", min=0)
    ] = 1000,
    json_file: options.Json = None,
) -> None:
    """Time remembering: moments per second, MB per hour, what a planner's cycle takes longer.

    And finding again: time and recall of the ten nearest among many states, on one core. States beyond those
    seen are what the model predicts from them under random motion.

    Example: ami-ros bench memory --json memory.json

    Quick: ami-ros bench memory --size 10000 --cycles 100
    """
    import tempfile

    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.figures import write_json
    from ami_ros.model.runtime import load_model
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    if not all(1 <= one <= MOST_STATES for one in size):
        raise ConfigError(f"--size: got {size}, expected 1 to {MOST_STATES} states")
    require("sim", "memory")
    check_writable(json_file)

    import torch

    torch.set_num_threads(1)
    configuration = Configuration.load(robot, task)
    path = configuration.model_path(model)
    world = load_model(path, configuration.spec, task=configuration.task_name)
    with (
        tempfile.TemporaryDirectory() as folder,
        progress_bar("memory", SEEN + 2 + 2 * len(size)) as bar,
    ):
        figures = _measured(configuration, world, Path(folder), size, cycles, bar)
    figures |= {"model_sha256": world.sha256, "hardware": hardware(), "versions": versions()}
    try:
        write_json(json_file, figures)
    finally:
        _print(figures)


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    table = Table("states", "query p50 ms", "p99 ms", "recall", "build s")
    for row in figures["index"]:
        numbers = (row["query_ms_p50"], row["query_ms_p99"], row["recall"], row["build_s"])
        table.add_row(f"{row['states']}", *(f"{number:.3g}" for number in numbers))
    console = Console()
    console.print(table)
    for name in ("append_per_s", "mb_per_hour", "loop_added_ms_p50", "loop_added_ms_p99"):
        if name in figures:
            console.print(f"{name}: {figures[name]:.4g}")


def _measured(
    wanted: Configuration,
    world: ModelRuntime,
    folder: Path,
    sizes: list[int],
    cycles: int,
    bar: ProgressBar,
) -> dict[str, Any]:
    import numpy as np

    from ami_ros.bench.remembered import imagined_points, seen_moments
    from ami_ros.bench.remembering import append_rate, find_again

    def note() -> None:
        bar.update(1)

    seen = seen_moments(wanted, world, SEEN, SEED, note)
    figures: dict[str, Any] = append_rate(folder / "rate.sqlite", seen, RATE_S)
    per_hour = 3600.0 * wanted.spec.actions.rate_hz / wanted.spec.action_block
    figures["mb_per_hour"] = figures["bytes_per_moment"] * per_hour / 1e6
    bar.update(1, "cycles")
    if cycles:
        figures |= _loop(wanted, world, folder / "loop.sqlite", seen, cycles)
    bar.update(1, "index")
    states = np.stack([moment.state for moment in seen if moment.state is not None])
    points = imagined_points(world, states, max(sizes), SEED)
    figures["index"] = [find_again(points, size, SEED, note) for size in sizes]
    for name in ("query_ms_p99", "recall"):
        figures[name] = {str(row["states"]): row[name] for row in figures["index"]}
    return figures


def _loop(
    wanted: Configuration, world: ModelRuntime, path: Path, seen: list[Any], cycles: int
) -> dict[str, float]:
    import time

    from ami_ros.bench.remembering import loop_added_ms
    from ami_ros.memory.goal_by_name import goal_of
    from ami_ros.memory.remembering import Remembering
    from ami_ros.memory.store import Store
    from ami_ros.memory.writer import MemoryWriter
    from ami_ros.planning.planner import RecedingHorizonPlanner
    from ami_ros.planning.warm_up import warm_up

    planner = RecedingHorizonPlanner(world, wanted.spec, wanted.planner, time.perf_counter_ns)
    warm_up(planner, wanted.spec)
    goal = goal_of(seen[0], "bench", wanted.spec)
    planner.set_goal(goal)
    writer = MemoryWriter(lambda: Store(path), world.sha256, wanted.memory.queue)
    follower = Remembering(writer, wanted.spec, wanted.task_name, world.sides)
    follower.pursue(goal)
    observations = [one.observation() for one in seen[1:200]]
    try:
        return loop_added_ms(planner, observations, wanted.spec.step_ns, follower, cycles)
    finally:
        follower.close()
