# SPDX-License-Identifier: Apache-2.0
"""A model.pt that fits a body and knows nothing: enough to run everything around it."""

from __future__ import annotations

from pathlib import Path

from small_model import small_contract, small_jepa

from ami_ros.body.robot_spec import load_robot
from ami_ros.model.export import export
from ami_ros.model.known import inputs_of
from ami_ros.task_file import read_task


def untrained_model(folder: Path, task: str | Path, robot: str | Path = "panda") -> Path:
    """Write model.pt for `task` of `robot` to `folder` and return its path."""
    spec = load_robot(robot, str(task))
    model = small_jepa(inputs=inputs_of(spec), action=spec.action_block * spec.action_size)
    model.surprise_gauge.scale.fill_(1e6)  # nothing surprises it, else the gate would let nothing move
    contract = small_contract(model, spec, task=read_task(str(task)).name)
    path = folder / "model.pt"
    export(model, contract, path)
    return path
