# SPDX-License-Identifier: Apache-2.0
"""`ami-ros collect`: record motion in the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ami_ros.cli import options


def collect(
    out: Annotated[Path | None, typer.Option(help="Folder of the data set [data/<robot>_<task>].")] = None,
    task: options.Task = None,
    robot: options.Robot = None,
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
            help="Varied looks of each photographed scene, besides the plain one, 0 for none "
            "[config/collect.yaml]."
        ),
    ] = None,
    plain: Annotated[
        bool,
        typer.Option(
            "--plain", help="Vary nothing and record no odd pictures, as in recordings; for ami-ros augment."
        ),
    ] = False,
    workers: Annotated[int | None, typer.Option(help="Processes [config/collect.yaml].")] = None,
    engine: Annotated[
        str | None, typer.Option(help="What they run on: local, or ray [config/collect.yaml].")
    ] = None,
) -> None:
    """Record episodes of random motion under a varied camera, crash-safe and resumable.

    Example: ami-ros collect --task reach --episodes 2000
    """
    from ami_ros.system.extras import require

    require("sim")

    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.episodes.episode import episode_path
    from ami_ros.sim.collect.collect_events import collect_events, missing_events
    from ami_ros.sim.collect.collect_pictures import ALL_PICTURES, collect_pictures
    from ami_ros.sim.collect.episodes import collect as record
    from ami_ros.system.lock_file import only_one

    given = {"episodes": episodes, "seed": seed, "workers": workers, "engine": engine}
    further = {"event_pairs": event_pairs, "oddities": oddities, "double_exposures": double_exposures}
    given |= further
    if plain:
        given |= {"varied": False, **{name: amount or 0 for name, amount in further.items()}}
    configuration = Configuration.load(robot, task, {"collect": given})
    out, wanted = out or configuration.episodes_folder, configuration.collect.episodes
    with only_one("collect", out):
        with progress_bar("collect", wanted) as bar:
            done = sum(1 for i in range(wanted) if episode_path(out, i).is_file())
            bar.update(done)
            for _ in record(configuration, out):
                bar.update(1)
        with progress_bar("events", len(missing_events(configuration, out))) as bar:
            for kind, _ in collect_events(configuration, out):
                bar.update(1, kind)
        for pictures in ALL_PICTURES:
            missing = pictures.missing(configuration, out)
            with progress_bar(pictures.name.replace("_", " "), len(missing)) as bar:
                for _ in collect_pictures(pictures, configuration, out):
                    bar.update(1)
