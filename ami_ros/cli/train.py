# SPDX-License-Identifier: Apache-2.0
"""`ami-ros train`: train a world model on recorded episodes and export it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.cli.training_run import TrainingRun


def train(
    data: options.Data = None,
    out: Annotated[Path | None, typer.Option(help="Model to write [runs/<robot>_<task>/model.pt].")] = None,
    robot: options.Robot = None,
    task: options.Task = None,
    start: options.Start = None,
    encoders: options.Encoders = None,
    steps: options.Steps = None,
    seed: options.TrainingSeed = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads [config/training.yaml].")] = None,
    restart: Annotated[bool, typer.Option(help="Ignore the checkpoint of an earlier run.")] = False,
) -> None:
    """Train, log to TensorBoard, export, and judge: what success to expect, and whether it may plan.

    A stopped run (Ctrl-C, SIGTERM) goes on where it was, a killed one from its last checkpoint.

    Example: ami-ros train --task reach

    Elsewhere: ami-ros train --task push --data /data/push --out /runs/push/model.pt

    Another camera pose: ami-ros train --from models/panda_reach/model.pt --data data/moved

    Another robot that looks at such things: ami-ros train --robot so101_hand --task pick --encoders-from
    models/panda_hand_pick/model.pt

    In two processes, which give the same model: torchrun --nproc-per-node 2 --no-python ami-ros train

    Watch: tensorboard --logdir runs
    """
    from ami_ros.system.waiting_threads import let_waiting_threads_sleep

    let_waiting_threads_sleep()

    from ami_ros.configuration import Configuration
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable
    from ami_ros.training.settings import training_changes

    require("train")
    changes = training_changes(start, steps=steps, seed=seed, threads=threads)
    configuration = Configuration.load(robot, task, {"training": changes})
    out = out or configuration.run_folder / "model.pt"
    checkpoint = out.with_name("checkpoint.pt")
    check_writable(out, checkpoint)

    from torch.utils.tensorboard import SummaryWriter  # seconds: after the checks

    from ami_ros.cli.progress import progress_bar
    from ami_ros.cli.training_run import prepare_run
    from ami_ros.model.export import export
    from ami_ros.model.judging.judgement import judge
    from ami_ros.model.judging.settings import load_judgement_settings
    from ami_ros.system.lock_file import only_one
    from ami_ros.system.stop_request import StopRequest
    from ami_ros.training.share import joined

    drawn: list[str] = []
    with joined() as share:
        run = prepare_run(configuration, data, start, share, encoders)
        trainer = run.trainer
        with ExitStack() as held:
            if share.leads:
                held.enter_context(only_one("train", out.parent))
            if checkpoint.is_file() and not restart:
                trainer.resume(checkpoint)
                if share.leads:
                    say(f"continuing from step {trainer.step} of {checkpoint}", err=True)
            log = SummaryWriter(str(out.parent / "tensorboard")) if share.leads else None
            with (
                progress_bar("train", configuration.training.steps, share.leads) as bar,
                StopRequest() as stop,
            ):
                bar.update(trainer.step)
                for losses in trainer.run(checkpoint):
                    bar.update(1, f"prediction {losses['prediction']:.4f}")
                    if log is not None and trainer.step % 20 == 0:
                        for name, value in losses.items():
                            log.add_scalar(name, value, trainer.step)
                    if share.any(stop.signal is not None):
                        if share.leads:
                            trainer.save(checkpoint)
                        stop.leave()
            if log is None:
                return
            log.close()
            contract = run.finish()
            sha256 = export(trainer.model, contract, out)
            checkpoint.unlink(missing_ok=True)
            drawn = _draw(run, out, sha256)
    say(f"{out}  sha256 {sha256}")
    for line in drawn:
        say(line)
    judgement = judge(contract, load_judgement_settings())
    commission = f"ami-ros commission {configuration.options} --model {quote(str(out))}"
    next_step = judgement.next_step or f"Next: {commission}"
    for line in (*judgement.lines, next_step):
        say(line)


def _draw(run: TrainingRun, out: Path, sha256: str) -> list[str]:
    """Fit a decoder, or remove one of an earlier model; return what it is worth."""
    from ami_ros.cli.training_run import fit_decoder_of
    from ami_ros.model.files import sidecar
    from ami_ros.model.imagination import decoder_of

    configuration, network = run.configuration, run.trainer.model
    if configuration.training.decoder_steps and configuration.spec.images_for("model"):
        return fit_decoder_of(network, run.split, configuration, out, sha256)
    for file in (decoder_of(out), sidecar(decoder_of(out))):
        file.unlink(missing_ok=True)
    return []
