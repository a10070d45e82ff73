# SPDX-License-Identifier: Apache-2.0
"""`ami-ros memory`: what a robot remembers, looked at and tidied up, also while it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import ask, say

if TYPE_CHECKING:
    from ami_ros.memory.reader import MemoryReader

File = Annotated[Path | None, typer.Option("--file", help="Memory file [the robot's own, see `stats`].")]
Names = Annotated[list[str] | None, typer.Argument(help="Names, or numbers of moments.")]
EpisodeOption = Annotated[int | None, typer.Option("--episode", help="All moments of this episode.")]

MOST_LISTED = 1000  # names, or models, in a table
LONGEST_NUMBER = 100  # digits, of which no moment has as many; Python refuses some thousands

memory = typer.Typer(
    help="Inspect a robot's memory and tidy it up. A planner with memory:=auto fills it.\n\n"
    "Example: ami-ros memory show --episode 12",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


def where(file: Path | None, robot: str | None) -> Path:
    """Return the memory that is meant."""
    from ami_ros.configuration import Configuration

    return file or Configuration.load(robot).memory_file()


def meant(reader: MemoryReader, names: list[str] | None, episode: int | None) -> list[int]:
    """Return the moments that names, numbers or an episode stand for; of both, the name counts.

    Raises:
        ConfigError: neither, or both.
        MemoryFileError: there is none such.
    """
    from ami_ros.errors import ConfigError, MemoryFileError

    if bool(names) == (episode is not None):
        got = "both" if names else "neither"
        raise ConfigError(f"got {got} of NAMES and --episode, expected one; `ami-ros memory list` shows them")
    if episode is not None:
        ids = reader.ids(episode=episode)
        if not ids:
            known = list(reader.episodes())
            raise MemoryFileError(f"no episode {episode}; there are {known[-10:] or 'none'} (the newest ten)")
        return ids
    called = reader.names()
    return [called[n] if n in called else number_of(n, reader) for n in names or []]


def number_of(text: str, reader: MemoryReader) -> int:
    """Return the moment of a number, or of a name. Raises MemoryFileError: nothing is called so."""
    return int(text) if text.isdecimal() and len(text) < LONGEST_NUMBER else reader.named(text).id


@memory.command()
def stats(file: File = None, robot: options.Robot = None, json_file: options.Json = None) -> None:
    """Say how much it holds, and where.

    Example: ami-ros memory stats
    """
    import dataclasses

    from rich.table import Table

    from ami_ros.memory.reader import MemoryReader
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable, write_whole

    check_writable(json_file)
    path = where(file, robot)
    with MemoryReader(path) as reader:
        figures = reader.figures()
    values = dataclasses.asdict(figures)
    try:
        if json_file is not None:
            write_whole(json_file, json.dumps({"file": str(path), **values}, indent=2))
    finally:
        table = Table("memory", str(path))
        for name, value in values.items():
            if name == "states":
                for model, count in list(value.items())[:MOST_LISTED]:
                    table.add_row(f"states of model {model[:12] or '(none)'}", f"{count}")
            elif name == "bytes":
                table.add_row("size", f"{value / 1e6:.1f} MB")
            else:
                table.add_row(name, f"{value}")
        Console().print(table)


@memory.command("list")
def list_(
    file: File = None,
    robot: options.Robot = None,
    newest: Annotated[int, typer.Option(help="Episodes to show.", min=0)] = 20,
) -> None:
    """List the names, and the newest episodes.

    Example: ami-ros memory list
    """
    from rich.table import Table

    from ami_ros.memory.reader import MemoryReader
    from ami_ros.system.terminal import Console

    console = Console()
    with MemoryReader(where(file, robot)) as reader:
        episodes = reader.episodes()
        names = Table("name", "moment", "task", "episode")
        known = reader.names()
        first = dict(list(known.items())[:MOST_LISTED])
        for name, found in zip(first, reader.moments(list(first.values()), sensed=False), strict=True):
            names.add_row(name, str(found.id), episodes[found.episode].task, str(found.episode))
        if len(known) > MOST_LISTED:
            names.add_row(f"and {len(known) - MOST_LISTED} more")
        console.print(names)
        table = Table("episode", "task", "goal", "outcome", "moments")
        for number in list(episodes)[-newest:] if newest else []:
            one = episodes[number]
            count = len(reader.ids(episode=number))
            table.add_row(str(number), one.task, one.goal, one.outcome or "-", str(count))
        console.print(table)


@memory.command()
def show(
    names: Names = None,
    episode: EpisodeOption = None,
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("memory.png"),
    file: File = None,
    robot: options.Robot = None,
) -> None:
    """Draw a contact sheet of moments; of an episode also its way. Without NAMES: everything with a name.

    Example: ami-ros memory show --episode 12 --out episode.png
    """
    from ami_ros.errors import MemoryFileError
    from ami_ros.memory.reader import MemoryReader
    from ami_ros.report.memory_picture import contact_sheet, episode_picture, thinned
    from ami_ros.system.whole_file import check_writable, write_whole

    check_writable(out)
    path = where(file, robot)
    with MemoryReader(path) as reader:
        names = names or (list(reader.names()) if episode is None else None)
        if not names and episode is None:
            raise MemoryFileError(f"{path}: got no names yet, expected one from ~/remember, or --episode")
        ids = meant(reader, names, episode)
        title = path.name if episode is None else f"{path.name}, episode {episode}"
        write_whole(out, contact_sheet(reader.moments(thinned(ids)), title), private=True)
        told = [f"{out}: {len(ids)} moments"]
        models = reader.figures().states
        if episode is not None and models:
            way = out.with_name(f"{out.stem}_way{out.suffix}")
            model = max(models, key=lambda name: models[name])
            write_whole(way, episode_picture(reader, reader.moments(ids, sensed=False), model, title))
            told.append(f"{way}: its way among all that is remembered, and the distance to the goal")
    for line in told:
        say(line)


@memory.command()
def remember(
    name: Annotated[str, typer.Argument(help="New name of the moment.")],
    moment: Annotated[int, typer.Argument(help="Number of the moment, from `show`.")],
    file: File = None,
    robot: options.Robot = None,
) -> None:
    """Give a moment of the past a name, by which ~/goal_name finds it.

    Example: ami-ros memory remember "tray is empty" 1234
    """
    from ami_ros.memory.reader import MemoryReader
    from ami_ros.memory.store import Store

    path = where(file, robot)
    MemoryReader(path).close()  # nothing is made where there is none
    with Store(path) as store:
        store.name(name, moment)
    say(f"{path}: moment {moment} is called {name!r}")


@memory.command()
def forget(
    names: Names = None,
    episode: EpisodeOption = None,
    everything: Annotated[bool, typer.Option("--everything", help="Forget all moments.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    file: File = None,
    robot: options.Robot = None,
) -> None:
    """Forget moments for good: pictures, numbers, names.

    Example: ami-ros memory forget "tray is empty"
    """
    from ami_ros.memory.reader import MemoryReader
    from ami_ros.memory.store import Store

    path = where(file, robot)
    with MemoryReader(path) as reader:
        ids = reader.ids() if everything else meant(reader, names, episode)
    if not yes:
        ask(f"Forget {len(ids)} moments of {path}?")
    with Store(path) as store:
        say(f"{path}: forgot {store.forget(ids)} moments")


@memory.command()
def reindex(
    model: options.Model = None,
    robot: options.Robot = None,
    task: options.Task = None,
    file: File = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the states of other models.")] = False,
) -> None:
    """Show the kept pictures to a new model, so that what the old one knew is found again.

    Example: ami-ros memory reindex --task reach --model runs/panda_reach/model.pt
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.reindex import reindex as see_again
    from ami_ros.memory.reader import MemoryReader
    from ami_ros.memory.store import Store
    from ami_ros.model.runtime import load_model

    configuration = Configuration.load(robot, task)
    path = file or configuration.memory_file()
    MemoryReader(path).close()
    world = load_model(configuration.model_path(model), configuration.spec, task=configuration.task_name)
    with Store(path) as store:
        missing = store.ids(configuration.task_name, without=world.sha256)
        with progress_bar("reindex", len(missing)) as bar:
            for count in see_again(store, missing, world):
                bar.update(count)
        gone = 0
        if not keep:
            others = [name for name in store.figures().states if name != world.sha256]
            gone = sum(store.forget_model(name, configuration.task_name) for name in others)
    say(f"{path}: {len(missing)} states are new, {gone} of other models were removed")


@memory.command()
def learn(
    data: options.Data = None,
    robot: options.Robot = None,
    task: options.Task = None,
    model: options.Model = None,
    file: File = None,
    most: Annotated[int | None, typer.Option(help="Episodes to take [all].", min=1)] = None,
) -> None:
    """Take recorded episodes into the memory, which is made where there is none.

    A planner with routes through what is remembered then knows the ways in them from the start.

    Example: ami-ros memory learn --robot husky --task two_room --data data/husky_two_room
    """
    import torch

    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.episodes.episode import list_episodes, read_episode
    from ami_ros.evaluation.recorded_moments import remember_episode
    from ami_ros.memory.store import Store
    from ami_ros.model.runtime import load_model

    configuration = Configuration.load(robot, task)
    paths = list_episodes(data or configuration.episodes_folder)[:most]
    torch.set_num_threads(configuration.planner.threads)  # threads that wait for each other take longer
    name, path = configuration.task_name, file or configuration.memory_file()
    world = load_model(configuration.model_path(model), configuration.spec, task=name)
    count = 0
    with Store(path) as store, progress_bar("learn", len(paths)) as bar:
        for recorded in paths:
            record = read_episode(recorded)
            count += remember_episode(store, record, recorded.stem, world, configuration.spec, name)
            bar.update(1)
    say(f"{path}: {count} moments of {len(paths)} episodes are new")


@memory.command()
def export(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    names: Names = None,
    episode: EpisodeOption = None,
    file: File = None,
    robot: options.Robot = None,
) -> None:
    """Write pictures as PNG and the rest as JSON lines, for other programs. Without NAMES: all there is.

    Example: ami-ros memory export /tmp/memory --episode 12
    """
    from ami_ros.cli.progress import progress_bar
    from ami_ros.memory.files import as_files
    from ami_ros.memory.reader import MemoryReader

    with MemoryReader(where(file, robot)) as reader:
        ids = meant(reader, names, episode) if names or episode is not None else reader.ids()
        with progress_bar("export", len(ids)) as bar:
            for count in as_files(reader, ids, out):
                bar.update(count)
    say(f"{out}: {len(ids)} moments")
