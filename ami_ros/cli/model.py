# SPDX-License-Identifier: Apache-2.0
"""`ami-ros model`: make a shipped model from nothing, with its card."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.errors import ConfigError, shown
from ami_ros.system.terminal import say
from ami_ros.system.whole_file import check_writable, write_whole

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration

CARD = "MODEL_CARD.md"
BEYOND = 2.0  # scale of the perturbations outside the training range


def model(
    task: options.Task = None,
    robot: options.Robot = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write [models/<robot>_<task>].")] = None,
    work: Annotated[Path | None, typer.Option(help="Episodes and checkpoints [runs/<robot>_<task>].")] = None,
    episodes: Annotated[int, typer.Option(help="Closed-loop episodes behind the card's figures.")] = 200,
    baseline_episodes: Annotated[int, typer.Option(help="Episodes of each baseline.")] = 50,
    perturbed_episodes: Annotated[
        int,
        typer.Option(
            help="Episodes under each kind of camera variation, a fifth as many beyond the range; 0: none."
        ),
    ] = 200,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Train on these episodes, from ami-ros import or augment, or on a recording, which is then "
            "imported and augmented; collect none in the simulator."
        ),
    ] = None,
    augmented: Annotated[
        bool,
        typer.Option(
            "--augmented",
            help="Collect plain pictures and augment them like recordings, instead of varying them in the "
            "simulator [models/<robot>_<task>_augmented].",
        ),
    ] = False,
    seed: options.Seed = 70001,
    workers: options.Workers = 2,
) -> None:
    """Collect, train, export, evaluate, and write MODEL_CARD.md. Killed, it goes on where it was.

    Without a simulation (kind: none), the model is judged on held-out recordings alone, and has no card.

    Example: ami-ros model --task reach

    Of recordings: ami-ros model --robot my_arm.yaml --task reach --data data/my_arm_reach_augmented

    Of a LeRobot data set: ami-ros model --robot my_arm.yaml --task recorded --data <data set>
    """
    from ami_ros.body.simulation import NoSimulation
    from ami_ros.cli.collect import collect
    from ami_ros.cli.evaluate import evaluate
    from ami_ros.cli.recordings.augment import augment
    from ami_ros.cli.recordings.importing import import_
    from ami_ros.cli.train import train
    from ami_ros.cli.training_run import check_trained_on
    from ami_ros.configuration import Configuration
    from ami_ros.episodes.episode import EPISODE_FILES
    from ami_ros.evaluation.experiment import check_counts
    from ami_ros.evaluation.figures import read_json
    from ami_ros.model.files import read_verified, sidecar
    from ami_ros.model.imagination import decoder_of
    from ami_ros.report.model_card import model_card
    from ami_ros.sim.tasks.by_name import load_task
    from ami_ros.system.extras import require
    from ami_ros.system.lock_file import only_one
    from ami_ros.system.regular_file import is_there

    for count in (episodes, baseline_episodes, perturbed_episodes or 1):
        check_counts(count, seed, workers)  # now, not after hours of training
    configuration = Configuration.load(robot, task)
    is_simulated = not isinstance(configuration.spec.simulation, NoSimulation)
    if not is_simulated and data is None:
        raise ConfigError(
            f"robot {configuration.spec.name}: got no simulation to collect in, expected --data: a "
            "recording, a LeRobot data set, or episodes from ami-ros import"
        )
    require("train", *["sim"] * is_simulated)
    is_recording = data is not None and is_there(data) and not any(data.glob(EPISODE_FILES))
    name = configuration.name + ("_augmented" if augmented else "")
    out, work = out or Path("models", name), work or configuration.run_folder.with_name(name)
    trained, path = work / "model.pt", out / "model.pt"
    episodes_folder = work / "imported" if is_recording else data or work / "episodes"
    with only_one("model", work):
        check_writable(path, out / CARD)
        stages = Stages(work / "stages.json")

        if data is None:
            with stages.timed("collect"):
                collect(out=episodes_folder, task=task, robot=robot, plain=augmented)
        if data is not None and is_recording and not _is_imported(data, episodes_folder):
            with stages.timed("import"):
                import_([data], out=episodes_folder, robot=robot, task=task)
        if (augmented or is_recording) and configuration.spec.images:
            plain, episodes_folder = episodes_folder, work / "augmented"
            with stages.timed("augment"):
                augment(data=plain, out=episodes_folder, task=task, robot=robot)
        if trained.is_file():
            check_trained_on(trained, configuration, episodes_folder)
        else:
            with stages.timed("train"):
                train(data=episodes_folder, out=trained, robot=robot, task=task)
        decoder = decoder_of(trained)
        drawn = (decoder, sidecar(decoder)) if decoder.is_file() else ()
        for source in (trained, sidecar(trained), *drawn):
            write_whole(out / source.name, source.read_bytes())
        if not is_simulated:
            _say_done(out, path, stages, configuration)
            return
        file = read_verified(path)
        sha256 = file.sha256

        def measured(stage: str, count: int, **how: Any) -> dict[str, Any]:
            figures = work / f"{stage}.json"
            before = read_json(figures)
            wanted = {"model_sha256": sha256, "seed": seed, "episodes": count}
            if wanted != {name: before.get(name) for name in wanted}:
                with stages.timed(stage):
                    evaluate(
                        task=task,
                        model=path,
                        robot=robot,
                        episodes=count,
                        seed=seed,
                        workers=workers,
                        json_file=figures,
                        changes=["judged=false"],  # a card tells how bad a bad one is, too
                        **how,
                    )
            return read_json(figures)

        clean = measured("evaluate", episodes, baselines=False)
        clean["baseline_figures"] = measured("baselines", baseline_episodes)["baseline_figures"]
        perturbed = []
        if perturbed_episodes:
            many = {"perturb": "all", "baselines": False}
            beyond, few = {**many, "perturb_scale": BEYOND}, math.ceil(perturbed_episodes / 5)
            perturbed = [
                measured("perturb", perturbed_episodes, **many),
                measured("perturb_beyond", few, **beyond),
                measured("perturb_exactly", few, perturb_exactly=True, **beyond),
            ]
        yardstick = load_task(configuration.task, configuration.spec).yardstick
        folder = f"models/{name}"
        card = model_card(
            file.contract(),
            sha256,
            clean,
            perturbed,
            stages.seconds,
            folder,
            yardstick,
            recorded=data is not None,
            augmented=augmented,
        )
        write_whole(out / CARD, card)
        _say_done(out, path, stages, configuration)


def _is_imported(data: Path, folder: Path) -> bool:
    """Return whether a folder has all episodes of a recording; else remove what a killed import left there.

    Raises:
        ConfigError: it has those of another recording.
    """
    import shutil

    from ami_ros.episodes.episode import EPISODE_FILES
    from ami_ros.evaluation.figures import read_json
    from ami_ros.recordings.importing.import_report import REPORT_FILE

    before = read_json(folder / REPORT_FILE).get("recordings")
    if before is None or not any(folder.glob(EPISODE_FILES)):  # the report is written last
        shutil.rmtree(folder, ignore_errors=True)
        return False
    if before != [str(data)]:
        raise ConfigError(
            f"{folder}: got episodes of {shown(before)}, expected those of {data}; name another --work"
        )
    return True


def _say_done(out: Path, path: Path, stages: Stages, configuration: Configuration) -> None:
    say(f"{out}: " + ", ".join(f"{stage} {s / 60:.1f} min" for stage, s in stages.seconds.items()))
    if path.resolve() != configuration.shipped_model.resolve():
        say(f"To use it with other verbs: --model {quote(str(path))}")


class Stages:
    """How long each stage took, kept in a JSON file so that a killed run goes on counting.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        from ami_ros.evaluation.figures import read_json

        self._path = path
        self.seconds: dict[str, float] = read_json(path)
        if wrong := {k: v for k, v in self.seconds.items() if type(v) not in (int, float)}:
            raise ConfigError(f"{path}: got {shown(wrong)}, expected seconds by stage; delete it")

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the block to `stage`, also when it fails."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.monotonic() - started
            from ami_ros.evaluation.figures import write_json

            write_json(self._path, self.seconds)
