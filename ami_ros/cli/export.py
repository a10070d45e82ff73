# SPDX-License-Identifier: Apache-2.0
"""`ami-ros export`: write model.pt or a bundle from a checkpoint or another model.pt, without training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from ami_ros.model.contract import Contract
    from ami_ros.model.networks.jepa import Jepa


def export(
    checkpoint: Annotated[Path | None, typer.Argument(help="checkpoint.pt of a training run.")] = None,
    model: Annotated[Path | None, typer.Option(help="A model.pt to rewrite instead.")] = None,
    out: Annotated[Path | None, typer.Option(help="Model to write.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="World model and search in one TorchScript file, for C++.")
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Round the weights of --model to float16: a file half as large.")
    ] = False,
    data: options.Data = None,
    robot: options.Robot = None,
    task: options.Task = None,
    start: options.Start = None,
    steps: options.Steps = None,
    seed: options.TrainingSeed = None,
) -> None:
    """Write what an unfinished training run has so far, measured, or write a model again; with its hash.

    A bundle plans by itself: its method `plan` is described in ami_ros/planning/bundle.py.

    Example: ami-ros export runs/panda_reach/checkpoint.pt --out /tmp/model.pt

    For C++: ami-ros export --model models/panda_reach/model.pt --bundle /tmp/reach_plan.pt
    """
    from ami_ros.errors import ConfigError
    from ami_ros.system.waiting_threads import let_waiting_threads_sleep

    if (checkpoint is None) == (model is None):
        got = f"{checkpoint} and --model {model}" if model else "neither a checkpoint nor --model"
        raise ConfigError(f"got {got}, expected one of them")
    if half and model is None:
        raise ConfigError("--half: got a checkpoint, expected --model: write the model first, then round it")
    if out is None and bundle is None:
        raise ConfigError("got nothing to write, expected --out MODEL or --bundle FILE, or both")
    let_waiting_threads_sleep()

    from ami_ros.configuration import Configuration
    from ami_ros.model.export import export as write
    from ami_ros.planning.bundle import write_bundle
    from ami_ros.planning.settings import load_planner_settings
    from ami_ros.system.whole_file import check_writable
    from ami_ros.training.settings import training_changes

    check_writable(out, bundle)
    if model is not None:
        network, contract = _from_model(model, half)
    else:
        changes = training_changes(start, steps=steps, seed=seed)
        wanted = Configuration.load(robot, task, {"training": changes})
        network, contract = _from_checkpoint(checkpoint or Path(), wanted, data, start)
    written: dict[Path, str] = {}
    if out is not None:
        written[out] = write(network, contract, out)
    if bundle is not None:
        settings = load_planner_settings(task=contract.task)
        written[bundle] = write_bundle(network, contract, settings, bundle)
    for file, sha256 in written.items():
        say(f"{file}  sha256 {sha256}")


def _from_model(path: Path, half: bool) -> tuple[Jepa, Contract]:
    import dataclasses

    from ami_ros.model.files import read_verified
    from ami_ros.model.restore import restored
    from ami_ros.model.weights import round_to_half, weights_sha256

    network, contract = restored(read_verified(path))
    if half:
        round_to_half(network)
        contract = dataclasses.replace(contract, weights_sha256=weights_sha256(network))
    return network, contract


def _from_checkpoint(
    checkpoint: Path, configuration: Configuration, data: Path | None, start: Path | None
) -> tuple[Jepa, Contract]:
    from ami_ros.cli.training_run import prepare_run

    run = prepare_run(configuration, data, start)
    run.trainer.resume(checkpoint)
    return run.trainer.model, run.finish()
