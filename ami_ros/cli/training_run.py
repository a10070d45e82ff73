# SPDX-License-Identifier: Apache-2.0
"""What `train` and `export` start from: episodes and a trainer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ami_ros.cli.progress import progress_bar
from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import list_episodes
from ami_ros.errors import ConfigError
from ami_ros.evaluation.hindsight import hindsight_of, plans_of_hindsight
from ami_ros.model.contract import Contract
from ami_ros.model.export import export
from ami_ros.model.files import read_verified
from ami_ros.model.known import inputs_of
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.restore import restored
from ami_ros.training.pipeline import Split, build_trainer, finish, load_split, steps_to_finish
from ami_ros.training.share import ALONE, Share
from ami_ros.training.trainer import Trainer


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One model in the making."""

    configuration: Configuration
    split: Split
    trainer: Trainer

    def finish(self) -> Contract:
        """Fit what rests on finished latents, measure, and return the contract to export with."""
        wanted, network = self.configuration, self.trainer.model
        plans = plans_of_hindsight(wanted.training.hindsight_moments)
        with progress_bar("finish", steps_to_finish(network, self.split, wanted.training) + plans) as bar:
            contract = finish(
                network,
                self.split,
                wanted.spec,
                wanted.task_name,
                wanted.training,
                on_step=lambda stage: bar.update(1, stage),
            )
            if plans:
                found = self._hindsight(contract, lambda: bar.update(1, "hindsight"))
                contract = replace(contract, quality={**contract.quality, "hindsight": found})
        return contract

    def _hindsight(self, contract: Contract, on_plan: Callable[[], object]) -> dict[str, Any]:
        wanted = self.configuration
        moments, seed = wanted.training.hindsight_moments, wanted.training.seed
        with TemporaryDirectory() as folder:
            path = Path(folder, "model.pt")
            export(self.trainer.model, contract, path)
            return hindsight_of(path, wanted, self.split.held_out.paths, moments, seed, on_plan)


def prepare_run(
    configuration: Configuration,
    data: Path | None = None,
    start: Path | None = None,
    share: Share = ALONE,
    encoders: Path | None = None,
) -> TrainingRun:
    """Read the episodes, under a progress bar, and make the trainer.

    Args:
        configuration: robot, task, and how to train.
        data: folder of episodes; None for data/<robot>_<task>.
        start: a finished model to go on from, whatever config/model.yaml says; None begins with nothing.
        share: of the work that this process does.
        encoders: a finished model of another robot whose encoders to begin with; None begins with nothing.

    Raises:
        AmiError: what is wrong, what was expected, and the alternatives.
    """
    training = configuration.training  # first: what is wrong there needs no episodes to be seen
    settings, network = configuration.model, None
    if start is not None:
        network, contract = restored(read_verified(start))
        contract.check_body(configuration.spec)
        settings = network.settings
    seen = None if encoders is None else restored(read_verified(encoders))[0].encoders
    split = read_split(configuration, data, share)
    trainer = build_trainer(split, configuration.spec, settings, training, network, share, seen)
    return TrainingRun(configuration, split, trainer)


def check_trained_on(model: Path, configuration: Configuration, data: Path) -> None:
    """Refuse a finished model that learned from other episodes than those in a folder.

    Args:
        model: path of its model.pt.
        configuration: robot, task, and how many episodes training leaves out.
        data: folder of episodes.

    Raises:
        AmiError: it did; or there is no model, or no episodes.
    """
    before = read_verified(model).contract().data_sha256
    if (now := read_split(configuration, data).training.sha256) != before:
        raise ConfigError(
            f"{model}: it was trained on other episodes (SHA-256 {before[:12]}) than those in {data} "
            f"({now[:12]}); delete it to train again, or name another --work"
        )


def fit_decoder_of(
    network: Jepa, split: Split, configuration: Configuration, model: Path, sha256: str
) -> list[str]:
    """Fit a decoder under a progress bar, write it next to its model, and return what it is worth, in words.

    Args:
        network: the finished networks of the model.
        split: its data.
        configuration: robot, task, and how to train.
        model: path of the model.
        sha256: hash of the model's file.
    """
    from ami_ros.model.imagination import write_decoder
    from ami_ros.training.imagining import fit_imagination, steps_to_imagine

    with progress_bar("imagine", steps_to_imagine(split, configuration.training)) as bar:
        decoder, facts, camera = fit_imagination(
            network, split, configuration.spec, configuration.training, lambda stage: bar.update(1, stage)
        )
    path = write_decoder(decoder, facts, camera, model, sha256)
    return [f"{path}  draws {camera}, {facts.horizon} action blocks ahead", *facts.in_words()]


def read_split(configuration: Configuration, data: Path | None, share: Share = ALONE) -> Split:
    """Read the episodes of a folder, under a progress bar; None for data/<robot>_<task>.

    Raises:
        AmiError: there are none, or too few.
    """
    paths = list_episodes(data or configuration.episodes_folder)
    with progress_bar("read", len(paths), share.leads) as bar:
        return load_split(paths, configuration.training.held_out, bar.update, inputs_of(configuration.spec))
