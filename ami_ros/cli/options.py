# SPDX-License-Identifier: Apache-2.0
"""Options that several verbs share, each with one name and one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# What is worked with
Robot = Annotated[
    str | None, typer.Option(help="Robot: config/robots/<name>.yaml or a path [config/node.yaml].")
]
Task = Annotated[
    str | None, typer.Option(help="Task: config/tasks/<name>.yaml or a path [config/node.yaml].")
]
Model = Annotated[Path | None, typer.Option(help="A model.pt [models/<robot>_<task>/model.pt].")]
Data = Annotated[
    Path | None, typer.Option(help="Folder of episodes, from `ami-ros collect` [data/<robot>_<task>].")
]

# Episodes in closed loop
Episodes = Annotated[int, typer.Option(help="Episodes, with seeds SEED, SEED + 1, ...")]
Seed = Annotated[int, typer.Option(help="Seed of the first episode.")]
Goal = Annotated[str, typer.Option(help="Kind of goal for the planner: image or joints.")]
Solver = Annotated[
    str | None,
    typer.Option(help="cem or mppi; without search: inverse_model, random, hold [config/planner.yaml]."),
]
Workers = Annotated[int, typer.Option(help="Processes that share the episodes; each plan takes longer.")]
Engine = Annotated[
    str, typer.Option(help="What the processes run on: local, or ray (RAY_ADDRESS names a cluster).")
]
Via = Annotated[str, typer.Option(help="direct: in this process; ros: three processes over DDS.")]
Baselines = Annotated[bool, typer.Option(help="Also run random, hold, inverse_model and oracle.")]
RealTime = Annotated[
    bool, typer.Option(help="Run in real time; else in simulated time, as fast as the machine allows.")
]

# Training
Steps = Annotated[int | None, typer.Option(help="Optimiser steps [config/training.yaml].")]
Start = Annotated[
    Path | None,
    typer.Option(
        "--from",
        help="A finished model.pt to continue from, in minutes: for a new camera pose or background.",
    ),
]
Encoders = Annotated[
    Path | None,
    typer.Option(
        "--encoders-from",
        help="A finished model.pt of another robot with as many cameras, to see as it does.",
    ),
]
TrainingSeed = Annotated[
    int | None, typer.Option("--seed", help="Seed of weights and batches [config/training.yaml].")
]

# Benchmarks
Budgets = Annotated[
    list[str], typer.Option("--budget", help="SAMPLESxHORIZONxITERATIONS; may be given several times.")
]

# What is written
Json = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")]
Logs = Annotated[Path | None, typer.Option(help="Folder for the nodes' logs (through ROS 2).")]


def by_name(folder: Path) -> Path:
    """Return a folder by its name, which "." does not tell, for another one that is named after it."""
    return folder.resolve() if folder.name in ("", "..") else folder
