# SPDX-License-Identifier: Apache-2.0
"""How often a planner reaches its goals in simulation, with intervals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.evaluation.experiment import prepare
from ami_ros.planning.protocols import Planner
from ami_ros.report.statistics import summarise, wilson
from ami_ros.sim.tasks.yardstick import Yardstick
from ami_ros.system.extras import require

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult


@dataclass(frozen=True)
class Rate:
    """A share of episodes, with its 95 % Wilson interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an evaluation found.

    Attributes:
        episodes: one result per episode, in the order of the seeds.
        summary: the figures of `ami-ros evaluate --json`, by name.
    """

    episodes: tuple[EpisodeResult, ...]
    summary: Mapping[str, Any]

    @property
    def yardstick(self) -> Yardstick:
        """What an error is, and which thresholds count as success."""
        return self.episodes[0].yardstick

    @property
    def success(self) -> dict[str, Rate]:
        """Share of episodes that ended within each threshold, the loosest first: ``{"5 cm": ...}``."""
        rates = {}
        for limit in self.yardstick.thresholds:
            count = sum(bool(episode.error[-1] <= limit.error) for episode in self.episodes)
            rates[limit.text] = Rate(count / len(self.episodes), *wilson(count, len(self.episodes)))
        return rates

    def __str__(self) -> str:
        rates = ", ".join(f"within {text} {rate}" for text, rate in self.success.items())
        return f"{len(self.episodes)} episodes: {rates}"


def evaluate(
    robot: str = "panda",
    task: str = "reach",
    episodes: int = 20,
    seed: int = 1,
    path: str | Path | None = None,
    planner: str | Planner | None = None,
    on_episode: Callable[[EpisodeResult], object] = lambda episode: None,
    **settings: Any,
) -> Evaluation:
    """Run episodes in simulation, through the safety gate, and judge them by the true error at the end.

    Args:
        robot: name of a file in config/robots, or a path.
        task: name of a file in config/tasks, or a path.
        episodes: how many.
        seed: of the first episode; each further one has the next.
        path: of a model.pt; None for the one that ships.
        planner: a solver or baseline of config/planner.yaml by name (``cem``, ``mppi``, ``random``, ``hold``,
            ``inverse_model``, ``oracle``), or a planner of your own; None for the one in that file.
        on_episode: called after each episode, as a progress bar may want.
        settings: of config/planner.yaml, as for `load_planner`.

    Raises:
        ConfigError: an unknown name, or a setting or number out of range.
        ModelFileError, ContractError, JudgementError: as `load_planner`.
        ConfigError: also where the simulator is not installed (extra `sim`).
    """
    require("sim")
    from ami_ros.evaluation.direct_episodes import DirectRunner

    solver = planner if isinstance(planner, str) and planner != "oracle" else None
    changes = [f"{name}={json.dumps(value)}" for name, value in settings.items()]
    model = None if path is None else Path(path)
    experiment = prepare(robot, task, model, solver, episodes, seed, changes=changes)
    runner, results = DirectRunner(experiment), []
    try:
        for number in experiment.seeds:
            if planner is None or isinstance(planner, str):
                results.append(runner.episode(number, planner))
            else:
                results.append(runner.run(planner, number))
            on_episode(results[-1])
    finally:
        runner.close()
    return Evaluation(tuple(results), summarise(results, experiment.spec.step_ns / 1e9))
