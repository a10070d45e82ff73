# SPDX-License-Identifier: Apache-2.0
"""`ami-ros collect`: record random motion in the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def collect(
    out: Annotated[Path, typer.Option(help="Folder of the data set.")] = Path("data/panda_reach"),
    robot: Annotated[str, typer.Option(help="Robot: config/robots/<name>.yaml or a path.")] = "panda",
    episodes: Annotated[
        int | None, typer.Option(help="Episodes in the data set [config/collect.yaml].")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the data set [config/collect.yaml].")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes [config/collect.yaml].")] = None,
) -> None:
    """Record episodes of random motion, crash-safe and resumable.

    Example: ami-ros collect --out data/panda_reach --episodes 2000
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.config import load_settings
    from ami_ros.share import config_path
    from ami_ros.sim.collect import CollectSettings
    from ami_ros.sim.collect import collect as record

    overrides = {"episodes": episodes, "seed": seed, "workers": workers}
    settings = load_settings(CollectSettings, config_path("collect.yaml"), overrides)
    with progress_bar("collect", settings.episodes) as bar:
        done = sum(1 for i in range(settings.episodes) if (out / f"episode_{i:06d}.npz").is_file())
        bar.update(done)
        for _ in record(robot, settings, out):
            bar.update(1)
