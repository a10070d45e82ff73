# SPDX-License-Identifier: Apache-2.0
"""`ami-ros imagine`: give a finished model a decoder, so that people see what it expects."""

from __future__ import annotations

from typing import Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say


def imagine(
    data: options.Data = None,
    model: options.Model = None,
    robot: options.Robot = None,
    task: options.Task = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps that fit the decoder [config/training.yaml].")
    ] = None,
    seed: options.TrainingSeed = None,
) -> None:
    """Fit a decoder to a model in some minutes, and write it next to it: decoder.pt.

    `ami-ros train` does this by itself; this verb is for models that have none. The planner never uses the
    decoder, and the model's file stays as it is. With a decoder, `ami-ros watch` shows the next frames.

    Example: ami-ros imagine --robot panda --task reach --data data/panda_reach

    Another model: ami-ros imagine --model runs/panda_reach/model.pt --data data/panda_reach
    """
    from ami_ros.cli.training_run import fit_decoder_of, read_split
    from ami_ros.configuration import Configuration
    from ami_ros.errors import ConfigError
    from ami_ros.model.files import read_verified
    from ami_ros.model.imagination import decoder_of
    from ami_ros.model.restore import restored
    from ami_ros.system.whole_file import check_writable
    from ami_ros.training.settings import training_changes

    changes = training_changes(None, decoder_steps=steps, seed=seed)
    configuration = Configuration.load(robot, task, {"training": changes})
    path = configuration.model_path(model)
    file = read_verified(path)
    network, contract = restored(file)
    contract.check(configuration.spec)
    if not contract.cameras:
        raise ConfigError(f"{path}: got a model without a camera, expected one that sees something to draw")
    if configuration.training.decoder_steps < 1:
        raise ConfigError("decoder_steps: got 0, expected at least 1, or there is nothing to see")
    check_writable(decoder_of(path))
    split = read_split(configuration, data)
    for line in fit_decoder_of(network, split, configuration, path, file.sha256):
        say(line)
