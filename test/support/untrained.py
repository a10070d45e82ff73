# SPDX-License-Identifier: Apache-2.0
"""A model.pt that fits a body and knows nothing: enough to run everything around it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from small_model import small_contract, small_jepa

from ami_ros.body.robot_spec import load_robot
from ami_ros.evaluation.experiment import Experiment
from ami_ros.model.export import export
from ami_ros.model.known import inputs_of
from ami_ros.settings.task_file import read_task

# Figures of a model that foresees no more than a guess: the planner refuses it.
HOPELESS = {"open_loop_error": [1.0], "copy_last_error": [1.0], "shuffled_action_error": [1.0]}


def untrained_model(
    folder: Path, task: str | Path, robot: str | Path = "panda", **contract_changes: Any
) -> Path:
    """Write model.pt for `task` of `robot` to `folder` and return its path; the planner takes it as it is."""
    spec = load_robot(robot, str(task))
    model = small_jepa(inputs=inputs_of(spec), action=spec.action_block * spec.action_size)
    model.surprise_gauge.scale.fill_(1e6)  # nothing surprises it, else the gate would let nothing move
    contract = small_contract(model, spec, task=read_task(str(task)).name, **contract_changes)
    path = folder / "model.pt"
    export(model, contract, path)
    return path


def that_moves(experiment: Experiment) -> Experiment:
    """Return an experiment in which an untrained model moves the robot, always in the same way."""
    # No deadline: what a loaded machine has time for would decide about the plan. To an untrained model
    # nothing is far away, and who has arrived does not move.
    settings = {"deadline_s": 10.0, "arrival_distance": 1e-9, "departure_distance": 1e-9}
    return dataclasses.replace(experiment, planner=dataclasses.replace(experiment.planner, **settings))
