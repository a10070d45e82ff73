# SPDX-License-Identifier: Apache-2.0
"""`ami-ros augment`: vary recordings as a simulator would vary light and cameras."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say


def augment(
    data: Annotated[
        Path | None, typer.Option(help="Folder of recorded episodes [data/<robot>_<task>].")
    ] = None,
    robot: options.Robot = None,
    task: options.Task = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the data set to train on [<data>_augmented].")
    ] = None,
    looks: Annotated[
        int | None, typer.Option(help="Varied copies of each episode [config/augmentation.yaml].")
    ] = None,
    double_exposures: Annotated[
        int | None,
        typer.Option(help="Looks of shown moments, besides the plain one [config/augmentation.yaml]."),
    ] = None,
    oddities: Annotated[
        int | None,
        typer.Option(help="Moments shown beyond the training range [config/augmentation.yaml]."),
    ] = None,
    event_pairs: Annotated[
        int | None, typer.Option(help="Impossible events of each kind [config/augmentation.yaml].")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all random choices [config/augmentation.yaml].")
    ] = None,
) -> None:
    """Make varied looks, odd pictures and impossible events of recordings.

    A model that is trained on them holds in other light, and knows what it has never seen, like one that is
    trained in the simulator. Crash-safe and resumable.

    Example: ami-ros augment --data data/arm_reach && ami-ros train --data data/arm_reach_augmented
    """
    from ami_ros.augmentation.augmenting import augment as make
    from ami_ros.augmentation.augmenting import steps_of
    from ami_ros.augmentation.events import event_kinds
    from ami_ros.augmentation.recordings import Recordings
    from ami_ros.augmentation.settings import load_augmentation_settings
    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration, options_of
    from ami_ros.episodes.episode import list_episodes
    from ami_ros.episodes.manifest import MANIFEST_FILE
    from ami_ros.errors import OutputError
    from ami_ros.sim.camera.variation_settings import load_variation_settings
    from ami_ros.system.lock_file import only_one
    from ami_ros.system.whole_file import check_writable

    given = {"looks": looks, "double_exposures": double_exposures, "oddities": oddities}
    wanted = load_augmentation_settings({**given, "event_pairs": event_pairs, "seed": seed})
    data = options.by_name(data or Configuration.load(robot, task).episodes_folder)
    out = out or data.with_name(f"{data.name}_augmented")
    if out.resolve() == data.resolve():
        raise OutputError(f"--out: got {out}, expected a folder other than that of the recordings")
    check_writable(out / MANIFEST_FILE)
    paths = list_episodes(data)
    with only_one("augment", out):
        with progress_bar("read", len(paths)) as bar:
            recordings = Recordings(paths, wanted, load_variation_settings(), lambda: bar.update(1))
        with progress_bar("augment", steps_of(wanted, len(paths), len(event_kinds(recordings)))) as bar:
            for kind in make(recordings, out):
                bar.update(1, kind)
    say(f"{out}. Next: ami-ros train{options_of(robot, task)} --data {quote(str(out))}")
