# SPDX-License-Identifier: Apache-2.0
"""`ami-ros export-data`: episodes become a data set that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say


def export_data(
    robot: options.Robot = None,
    task: options.Task = None,
    data: options.Data = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write, new or empty [lerobot/<robot>_<task>].")
    ] = None,
    video: Annotated[
        bool,
        typer.Option("--video", help="Pictures as H.264, smaller but lossy; else as PNG."),
    ] = False,
    instruction: Annotated[
        str | None,
        typer.Option(help="The robot's task in words, for language policies [the task]."),
    ] = None,
) -> None:
    """Write episodes as a LeRobotDataset v3, which lerobot trains and shows.

    The last frame of each episode repeats the action before it. What only the simulator knows is left out.

    Example: ami-ros export-data --robot panda --task push --instruction "Push the cube to the mark"
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.episodes.episode import list_episodes
    from ami_ros.errors import ConfigError
    from ami_ros.system.extras import require

    configuration = Configuration.load(robot, task)
    require("lerobot")
    from ami_ros.recordings.lerobot.export import ExportSettings, export

    out = options.by_name(out or Path("lerobot", configuration.name))
    words = configuration.task_name if instruction is None else instruction.strip()
    if not words:
        raise ConfigError(f"--instruction: got {instruction!r}, expected words")
    episodes = list_episodes(data or configuration.episodes_folder)
    settings = ExportSettings(words, video)
    with progress_bar("export", len(episodes)) as bar:
        frames = export(configuration.spec, episodes, out, settings, bar.update)
    say(
        f"{out}: {len(episodes)} episodes, {frames} frames. "
        f'Open it: LeRobotDataset("{configuration.name}", root="{out}")'
    )
