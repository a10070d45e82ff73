# SPDX-License-Identifier: Apache-2.0
"""Evaluations that packages offer for robots which our simulators do not have, by the robot's name."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import ami_ros
from ami_ros.errors import ConfigError, shown
from ami_ros.settings import plugins
from ami_ros.settings.share import config_path

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "ami_ros.evaluations"
NEEDS = ("TASKS", "evaluate")
# Where a checkout keeps what no wheel contains; no import path of an installed command leads there.
BESIDE_PACKAGE = Path(ami_ros.__file__).resolve().parents[1]


class Evaluation(Protocol):
    """What an entry point of `GROUP` names: a module, or what stands for one.

    Attributes:
        TASKS: name of each task -> what it measures, in a sentence.
    """

    TASKS: Mapping[str, str]

    def evaluate(
        self, task: str, episodes: int, seed: int, model: Path | None, json_file: Path | None
    ) -> None:
        """Measure, print a table, and write the figures.

        Args:
            task: one of `TASKS`.
            episodes: how many.
            seed: of the first episode; each further episode uses the next one.
            model: a model.pt; None for the evaluation's own.
            json_file: file for the figures; None writes none.
        """


def evaluation_of(robot: str | None, task: str | None) -> Evaluation | None:
    """Return the evaluation of a robot, if it is none of ours and a package offers one.

    Args:
        robot: a name or a path; None for the one in config/node.yaml.
        task: one of the evaluation's.

    Raises:
        ConfigError: the evaluation cannot be loaded, or has no such task.
    """
    if robot is None or _is_ours(robot) or robot not in plugins.found(GROUP):
        return None
    entry = plugins.found(GROUP)[robot]
    _find_beside_package(robot, entry)
    part = plugins.load(GROUP, robot)
    if missing := [needed for needed in NEEDS if not hasattr(part, needed)]:
        raise ConfigError(
            f"evaluation {robot}: {plugins.origin(entry)} has no {' and no '.join(missing)}, expected a "
            f"module with {' and '.join(NEEDS)}"
        )
    evaluation = cast(Evaluation, part)
    if task not in evaluation.TASKS:
        got = "no task" if task is None else f"unknown task {shown(task)}"
        raise ConfigError(f"robot {robot}: got {got}, expected --task to be one of {list(evaluation.TASKS)}")
    return evaluation


def others(robot: str | None) -> str:
    """Return what an error about an unknown robot adds: which robots have an evaluation of their own."""
    if robot is None or _is_ours(robot) or Path(robot).suffix == ".yaml" or not plugins.found(GROUP):
        return ""
    return f"; with an evaluation of its own: {sorted(plugins.found(GROUP))}"


def _is_ours(robot: str) -> bool:
    return robot in {path.stem for path in config_path("robots").glob("*.yaml")}


def _find_beside_package(robot: str, entry: EntryPoint) -> None:
    """Let a checkout import what lies next to its package. Raises ConfigError: this is no checkout."""
    top = entry.module.partition(".")[0]
    if entry.dist is None or entry.dist.name != ami_ros.__name__ or importlib.util.find_spec(top) is not None:
        return
    if not (BESIDE_PACKAGE / top).is_dir():
        raise ConfigError(
            f"robot {robot}: got an installed ami_ros without {top}, expected a checkout of its repository, "
            "where this evaluation runs: `pip install -e .` in it"
        )
    sys.path.append(str(BESIDE_PACKAGE))
