# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks other-blocks`: does a hand grasp blocks of sizes and colours unknown to it?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ami_ros.cli import options
from ami_ros.errors import ConfigError
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import ORACLE, Experiment, prepare
from ami_ros.settings.fields import read_yaml
from ami_ros.settings.share import config_path
from ami_ros.sim.tasks.blocks import read_blocks
from benchmarks.hand_rows import Hand, Script, row_of

OWN = "own"
BLUE, VIOLET = [0.15, 0.3, 0.85, 1.0], [0.5, 0.2, 0.75, 1.0]
# Half sides in m, and a colour; None: as the task's own block.
OTHERS: dict[str, tuple[list[float] | None, list[float] | None]] = {
    OWN: (None, None),
    "blue": (None, BLUE),
    "violet": (None, VIOLET),
    "blue, 4 cm": ([0.02, 0.02, 0.02], BLUE),
    "violet, 6 cm": ([0.03, 0.03, 0.03], VIOLET),
    "violet, 4 by 5 by 6 cm": ([0.02, 0.025, 0.03], VIOLET),
    "blue, 3.4 cm": ([0.017, 0.017, 0.017], BLUE),
    "violet, 6.4 cm": ([0.032, 0.032, 0.032], VIOLET),
}


def other_blocks(
    task: Annotated[str, typer.Option(help="pick or place: a task with one block.")] = "pick",
    robot: Hand = "panda_hand",
    model: options.Model = None,
    script: Script = False,
    episodes: Annotated[int, typer.Option(help="Episodes of each block.", min=1)] = 40,
    seed: options.Seed = 60001,
    json_file: options.Json = None,
) -> None:
    """Run a task with its own block, and with others in its place, also in the picture of the goal.

    Training data has no blue and no violet blocks, and no sides of 3.4 or 6.4 cm.

    Example: python -m benchmarks other-blocks --task pick --episodes 40
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.whole_file import check_writable

    check_writable(json_file)
    figures: dict[str, Any] = {"task": task, "robot": robot, "seed": seed, "script": script, "rows": {}}
    with progress_bar("other blocks", episodes * len(OTHERS)) as bar, tempfile.TemporaryDirectory() as folder:
        for name in OTHERS:
            experiment = experiment_with(name, robot, task, Path(folder), model, episodes, seed)
            runner, results = DirectRunner(experiment), []
            for one in experiment.seeds:
                results.append(runner.episode(one, ORACLE if script else None))
                bar.update(1)
            runner.close()
            figures["rows"][name] = row_of(f"{task}, {name}", results, experiment, f"{episodes} episodes")
    write_json(json_file, {**figures, "hardware": hardware(), "versions": versions()})


def experiment_with(
    name: str, robot: str, task: str, folder: Path, model: Path | None, episodes: int, seed: int
) -> Experiment:
    """Return episodes of a task with another block in place of its own.

    Args:
        name: one of OTHERS.
        robot: with a hand.
        task: name of a task in config/tasks.
        folder: for the task's file.
        model: path of a model.pt; None for the shipped one.
        episodes: how many.
        seed: of the first one.

    Raises:
        ConfigError: a task with several blocks, or none.
        AmiError: as `prepare`.
    """
    values = read_yaml(config_path("tasks", f"{task}.yaml"))
    blocks = read_blocks(values.get("blocks"), f"{task}: blocks")
    if len(blocks) != 1:
        raise ConfigError(
            f"other-blocks: got {task} with blocks {list(blocks)}, expected a task with one block"
        )
    [(own_name, own)] = blocks.items()
    half_size, colour = OTHERS[name]
    other = own.with_sides(half_size or own.half_size, colour or own.colour)
    sizes = {key: list(value) if isinstance(value, tuple) else value for key, value in vars(other).items()}
    path = folder / f"{task}.yaml"
    path.write_text(yaml.safe_dump({**values, "blocks": {own_name: sizes}}))
    return prepare(robot, str(path), model, None, episodes, seed)
