# SPDX-License-Identifier: Apache-2.0
"""Load a model, judge it, and plan with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ami_ros.configuration import Configuration
from ami_ros.model import runtime
from ami_ros.model.judging import judgement
from ami_ros.model.judging.judgement import Judgement
from ami_ros.model.judging.settings import load_judgement_settings
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.factory import world_model_planner
from ami_ros.planning.protocols import Planner


def load_model(robot: str = "panda", task: str = "reach", path: str | Path | None = None) -> ModelRuntime:
    """Load a world model; its SHA-256 is verified first.

    Args:
        robot: name of a file in config/robots, or a path.
        task: name of a file in config/tasks, or a path.
        path: of a model.pt; None for the one that ships.

    Raises:
        ModelFileError: no such file, or not the one that its hash is of.
        ContractError: it was made for another robot or task.
    """
    configuration = Configuration.load(robot, task)
    file = configuration.model_path(None if path is None else Path(path))
    return runtime.load_model(file, configuration.spec, task=configuration.task_name)


def judge(model: ModelRuntime) -> Judgement:
    """Return what success the figures of a model let expect, and whether it may plan.

    Args:
        model: as `load_model` returns it.
    """
    return judgement.judge(model.contract, load_judgement_settings())


def load_planner(
    robot: str = "panda",
    task: str = "reach",
    path: str | Path | None = None,
    memory: str | Path | None = None,
    **settings: Any,
) -> Planner:
    """Load a planner with its model, warm: `set_goal`, then `plan` for each observation.

    Args:
        robot: as for `load_model`.
        task: as for `load_model`.
        path: as for `load_model`.
        memory: file that it plans with, where the settings ask for one.
        settings: of config/planner.yaml, such as ``num_samples=128``; a dotted key as a dictionary's:
            ``**{"terms.effort.weight": 0.1}``.

    Raises:
        ConfigError: an unknown setting, or one out of range.
        JudgementError: the model is expected to fail; `judged=False` plans with it all the same.
        ModelFileError, ContractError: as `load_model`.
    """
    configuration = Configuration.load(robot, task, {"planner": settings})
    file = configuration.model_path(None if path is None else Path(path))
    factory = world_model_planner(time.perf_counter_ns)
    remembered = None if memory is None else Path(memory)
    return factory.build(configuration.spec, file, configuration.planner, configuration.task_name, remembered)
