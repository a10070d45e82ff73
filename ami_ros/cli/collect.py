# SPDX-License-Identifier: Apache-2.0
"""`ami-ros collect`: record motion in the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def collect(
    out: Annotated[Path | None, typer.Option(help="Folder of the data set [data/<robot>_<task>].")] = None,
    task: Annotated[str, typer.Option(help="Task: config/tasks/<name>.yaml.")] = "reach",
    robot: Annotated[str, typer.Option(help="Robot: config/robots/<name>.yaml or a path.")] = "panda",
    episodes: Annotated[
        int | None, typer.Option(help="Episodes in the data set [config/collect.yaml].")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the data set [config/collect.yaml].")] = None,
    event_pairs: Annotated[
        int | None, typer.Option(help="Impossible events of each kind, 0 for none [config/collect.yaml].")
    ] = None,
    oddities: Annotated[
        int | None,
        typer.Option(
            help="Moments photographed beyond the training range, 0 for none [config/collect.yaml]."
        ),
    ] = None,
    double_exposures: Annotated[
        int | None,
        typer.Option(
            help="Looks in which scenes are photographed, beside the plain one, 0 for none "
            "[config/collect.yaml]."
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes [config/collect.yaml].")] = None,
) -> None:
    """Record episodes of random motion under a varied camera, crash-safe and resumable.

    Example: ami-ros collect --task reach --episodes 2000
    """
    from ami_ros.cli.folders import episodes_folder
    from ami_ros.experiment.progress import progress_bar
    from ami_ros.sim.collect.collect_events import collect_events, missing_events
    from ami_ros.sim.collect.collect_pictures import ALL_PICTURES, collect_pictures
    from ami_ros.sim.collect.episodes import collect as record
    from ami_ros.sim.tasks.collect_settings import load_collect_settings
    from ami_ros.system.lock_file import only_one

    out = out or episodes_folder(robot, task)
    given = {"episodes": episodes, "seed": seed, "workers": workers}
    given |= {"event_pairs": event_pairs, "oddities": oddities, "double_exposures": double_exposures}
    settings = load_collect_settings(task, given)
    with only_one("collect", out):
        with progress_bar("collect", settings.episodes) as bar:
            done = sum(1 for i in range(settings.episodes) if (out / f"episode_{i:06d}.npz").is_file())
            bar.update(done)
            for _ in record(robot, task, settings, out):
                bar.update(1)
        with progress_bar("events", len(missing_events(robot, task, settings, out))) as bar:
            for kind, _ in collect_events(robot, task, settings, out):
                bar.update(1, kind)
        for pictures in ALL_PICTURES:
            with progress_bar(pictures.name.replace("_", " "), len(pictures.missing(settings, out))) as bar:
                for _ in collect_pictures(pictures, robot, task, settings, out):
                    bar.update(1)
