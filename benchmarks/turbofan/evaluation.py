# SPDX-License-Identifier: Apache-2.0
"""`ami-ros evaluate --robot turbofan`: our planner on the engine, next to min-max control."""

from __future__ import annotations

import functools
from pathlib import Path

TASKS = {"flight": "thrust as demanded at least fuel, within the engine's limits"}


def evaluate(task: str, episodes: int, seed: int, model: Path | None, json_file: Path | None) -> None:
    """Fly profiles, print a table, and write the figures.

    Args:
        task: one of `TASKS`.
        episodes: profiles.
        seed: of the first profile.
        model: None for that of ``python -m benchmarks turbofan``, trained now if there is none.
        json_file: None writes none.

    Raises:
        AmiError: a package is missing, or the model is none of this engine.
    """
    from ami_ros.system.extras import require

    require("train", "turbofan")
    import torch

    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.model.files import read_verified
    from ami_ros.model.runtime import load_model
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.terminal import Console
    from benchmarks.turbofan.bars import bars_one_by_one
    from benchmarks.turbofan.controllers import Controller
    from benchmarks.turbofan.deck import load
    from benchmarks.turbofan.gated import Ours
    from benchmarks.turbofan.model import FOLDER, LOGGED, ROBOT, TASK, flown_logs, model_in, trained
    from benchmarks.turbofan.rows import outcomes, row
    from benchmarks.turbofan.table import table_of
    from benchmarks.turbofan.tuning import TUNED_ON, USUAL, tuned_min_max
    from benchmarks.turbofan.world import World

    configuration = Configuration.load(str(ROBOT), str(TASK))
    spec = configuration.spec
    path = model or model_in(FOLDER)
    contract = read_verified(path).contract() if path.is_file() or model is not None else None
    if contract is not None:
        contract.check(spec, configuration.task_name)
    seeds = range(seed, seed + episodes)
    with bars_one_by_one() as bars:
        world = World(load(bars))
        if contract is None:
            path = trained(flown_logs(world, LOGGED, bars), spec, FOLDER)
        torch.set_num_threads(configuration.planner.threads)
        ours = Ours(load_model(path, spec, task=configuration.task_name), spec, configuration.planner)
        controllers: dict[str, Controller] = {"ours": ours, USUAL: tuned_min_max(world, TUNED_ON)}
        found = {}
        for name, controller in controllers.items():
            on_profile = bars(name, episodes)
            found[name] = outcomes(world, controller, seeds, functools.partial(on_profile, 1))
    rows = {
        name: row(each, found[USUAL], None, ours.plan_s if name == "ours" else ())
        for name, each in found.items()
    }
    names = (
        "thrust_error_steady",
        "thrust_error_transient",
        "limit_violations",
        "fuel_saved",
        "fuel_saved_ci",
    )
    figures = {
        "robot": spec.name,
        "task": task,
        "episodes": episodes,
        "seed": seed,
        **{name: rows["ours"][name] for name in names},
        "unsafe_commands": ours.gated.unsafe,
        "gate_ticks": ours.gated.ticks,
        "rows": rows,
        "model": str(path),
        "model_sha256": read_verified(path).sha256,
        "hardware": hardware(),
        "versions": versions(),
    }
    try:
        write_json(json_file, figures)
    finally:
        Console().print(table_of(rows))
