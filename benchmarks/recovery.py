# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks recovery`: does a hand still succeed when its block is moved or falls?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import typer

from ami_ros.cli import options
from ami_ros.errors import EmbodimentError
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import ORACLE, Experiment
from ami_ros.sim.faults.grip import GripFaults
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.sim.tasks.block_task import BlockTask
from ami_ros.sim.world.arm_stage import ArmStage
from ami_ros.types import Observation
from benchmarks.hand_rows import Hand, Script, row_of

UNDISTURBED, MOVED, DROPPED = ROWS = ("undisturbed", "object_moved", "object_dropped")
NEAR = 0.06  # m from the tip to the middle of a block: the hand is about to grasp it
LIFTED = 0.04  # m above where it stood


def recovery(
    task: Annotated[str, typer.Option(help="pick, place, stack, or a path.")] = "place",
    robot: Hand = "panda_hand",
    model: options.Model = None,
    script: Script = False,
    episodes: Annotated[int, typer.Option(help="Episodes of each row.", min=1)] = 100,
    seed: options.Seed = 60001,
    json_file: options.Json = None,
) -> None:
    """Run a model undisturbed; with the block moved as the hand comes near; with the block knocked out of it.

    Blocks leap 6 to 12 cm, once per episode. Success is judged as ever, in the usual time.

    Example: python -m benchmarks recovery --task place --episodes 100
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.figures import write_json
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.terminal import say
    from ami_ros.system.whole_file import check_writable

    check_writable(json_file)
    experiment = prepare(robot, task, model, None, episodes, seed)
    figures: dict[str, Any] = {"task": task, "robot": robot, "seed": seed, "script": script, "rows": {}}
    with progress_bar("recovery", episodes * len(ROWS)) as bar:
        for row in ROWS:
            results = []
            for result, happened in disturbed(experiment, row, ORACLE if script else None):
                bar.update(1)
                if happened or row == UNDISTURBED:
                    results.append(result)
            if not results:
                say(f"{task}, {row}: it never came to that")
                continue
            came_to_that = f"{len(results)} of {episodes} episodes came to that"
            figures["rows"][row] = row_of(f"{task}, {row}", results, experiment, came_to_that)
    write_json(json_file, {**figures, "hardware": hardware(), "versions": versions()})


def disturbed(
    experiment: Experiment, row: str, solver: str | None = None
) -> Iterator[tuple[EpisodeResult, bool]]:
    """Run each episode with the disturbance of a row; yield its result, and whether it was disturbed.

    Args:
        experiment: the episodes.
        row: one of ROWS.
        solver: in place of the experiment's; ORACLE for the script.

    Raises:
        EmbodimentError: the robot has no hand.
    """
    runner = DirectRunner(experiment)
    stage, task = runner.world, experiment.load_task()
    if not isinstance(stage, ArmStage) or stage.hand is None or not isinstance(task, BlockTask):
        runner.close()
        raise EmbodimentError(
            f"recovery: got {experiment.spec.name} and {experiment.task}, expected a robot with a hand and "
            "a task with blocks, as panda_hand and place"
        )
    faults = GripFaults(stage, stage.hand, task)
    for seed in experiment.seeds:
        disturbance = _Disturbance(stage, tuple(task.blocks), faults, row, seed)
        yield runner.episode(seed, solver, spoil=disturbance.see), disturbance.happened
    runner.close()


class _Disturbance:
    """Moves a block once, as soon as the hand is near it or has lifted it."""

    def __init__(
        self, stage: ArmStage, blocks: tuple[str, ...], faults: GripFaults, row: str, seed: int
    ) -> None:
        self._stage, self._blocks, self._row = stage, blocks, row
        self._begin: Callable[[np.random.Generator], bool] = lambda generator: faults.begin(row, generator)
        self._generator = np.random.default_rng([seed, ROWS.index(row)])
        self._heights: dict[str, float] = {}
        self.happened = False

    def see(self, observation: Observation) -> Observation:
        """Disturb the world if the moment has come; the observation was made before."""
        if self._row != UNDISTURBED and not self.happened and self._is_time():
            self.happened = self._begin(self._generator)
        return observation

    def _is_time(self) -> bool:
        found = self._stage.objects()
        places = {name: found[name] for name in self._blocks}
        if not self._heights:
            self._heights = {name: float(place[2]) for name, place in places.items()}
        if self._row == DROPPED:
            return any(place[2] > self._heights[name] + LIFTED for name, place in places.items())
        tip = self._stage.tip()
        return any(np.linalg.norm(place - tip) < NEAR for place in places.values())
