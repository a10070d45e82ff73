# SPDX-License-Identifier: Apache-2.0
"""`ami-ros explore`: random motion through the gate, until a robot is known well enough to learn from."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.exploration import Exploration
    from ami_ros.ros.clients.exploration import Moment


def explore(
    robot: options.Robot = None,
    task: options.Task = None,
    minutes: Annotated[
        float | None, typer.Option(help="Time in motion, at most [config/explorer.yaml].")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Share of the robot's speed, 0 to 1 [config/explorer.yaml].")
    ] = None,
    sim: Annotated[
        bool,
        typer.Option("--sim", help="In the simulator, as fast as the machine allows; else on the robot."),
    ] = False,
    resume: Annotated[
        Path | None, typer.Option(help="File of an exploration to continue; it is overwritten.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="File that stores the coverage [explored/<robot>_<task>.json]."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the random motion [config/explorer.yaml].")
    ] = None,
    logs: options.Logs = None,
) -> None:
    """Move the robot gently and at random, toward where it has been least: starts explorer and gate.

    No model is needed. It goes back where the robot is held back, and ends by itself when hardly anything is
    new any more, of what the body does and of what its cameras see. After an e-stop, release it, call
    safety/rearm, and it goes on. Pause: explorer/pause. Ctrl-C holds the robot; --resume goes on from there.

    Example: ami-ros explore --robot my_robot --minutes 20

    In the simulator: ami-ros explore --robot panda --task reach --sim --minutes 2

    Record at the same time, in another terminal: ami-ros record --robot my_robot --out FOLDER
    """
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.exploration import Exploration
    from ami_ros.system.extras import require
    from ami_ros.system.lock_file import only_one
    from ami_ros.system.whole_file import check_writable

    if resume is not None and state is not None:
        raise ConfigError("got --resume and --state, expected one of them: --resume overwrites its file")
    configuration = _checked(robot, task, {"minutes": minutes, "speed": speed, "seed": seed}, resume)
    file = resume or state or configuration.exploration_file
    check_writable(file)
    if resume is None and file.exists():
        resumes = f"--resume {quote(str(file))}"
        raise ConfigError(
            f"{file}: holds an earlier exploration; continue it with {resumes}, or start another one with "
            "--state FILE"
        )
    require("ros", *(["sim"] if sim else []))
    with only_one("explore", file.parent):
        wanted = Exploration(configuration, file, resume is not None, sim, configuration.explorer.seed)
        last, is_interrupted = _watch(
            wanted, logs or Path(tempfile.mkdtemp(prefix="ami_ros_"))
        )  # kept: an error names it
    _conclude(last, wanted)
    if is_interrupted:
        raise typer.Exit(128 + signal.SIGINT)


def _checked(
    robot: str | None, task: str | None, given: dict[str, float | int | None], resume: Path | None
) -> Configuration:
    """Return the configuration; errors that would end the explorer's process are raised before it starts."""
    from ami_ros.configuration import Configuration
    from ami_ros.exploration.planner import ExploringPlanner
    from ami_ros.exploration.state_file import read_exploration

    configuration = Configuration.load(robot, task, {"explorer": given})
    planner = ExploringPlanner(configuration.spec, configuration.explorer)
    if resume is not None:
        planner.resume(read_exploration(resume))
    return configuration


def _watch(wanted: Exploration, logs: Path) -> tuple[Moment | None, bool]:
    """Run to the end, or to Ctrl-C, under a progress bar; return the newest moment, and which it was."""
    from rich.progress import BarColumn

    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.exploration import ExplorationRunner
    from ami_ros.system.interrupts import interruptible

    is_interrupted = False
    total = 60.0 * wanted.configuration.explorer.minutes
    with progress_bar("explore", total, columns=[BarColumn(20)], note="starting") as bar:
        runner = ExplorationRunner(wanted, logs)
        try:
            with interruptible(), runner:
                for now in runner.moments():
                    bar.move_to(total - now.progress.left_s, _note(now))
        except KeyboardInterrupt:
            is_interrupted = True
    return runner.newest, is_interrupted


def _note(moment: Moment) -> str:
    come = moment.progress
    told = f"body {100 * come.body:.0f} %, {come.views:.0f} views, {come.left_s / 60:.1f} min left"
    judged = "".join(f", {count} {level}" for level, count in moment.proposals.items() if count)
    still = "" if moment.state.value == "MOVING" or moment.is_over else f"; {moment.reason}"
    return told + judged + still


def _conclude(last: Moment | None, wanted: Exploration) -> None:
    """Say in one line what was covered, and what comes next."""
    options = wanted.configuration.options + " --sim" * wanted.simulated
    more = f"ami-ros explore {options} --resume {quote(str(wanted.state))}"
    if last is None:
        kept = (
            f"It is stored in {wanted.state}; to continue: {more}"
            if wanted.state.exists()
            else "Nothing is stored."
        )
        say(f"It ended before the explorer reported its coverage. {kept}")
        raise typer.Exit(1)
    come = last.progress
    held = f"held back {come.contacts:.0f} times" if come.contacts else "never held back"
    say(
        f"Covered {100 * come.body:.0f} % of the body's space and {come.views:.0f} views in "
        f"{come.moved_s / 60:.1f} min and {come.episodes:.0f} episodes, {held}"
        + (f" ({last.reason})" if last.is_over else "")
        + f". Stored in {wanted.state}."
    )
    say(
        f"Next: ami-ros import, for the recording that ami-ros record wrote meanwhile; or to continue: {more}"
    )
    if last.unsafe:
        say(f"the simulated robot counted commands outside its limits: {last.unsafe}", err=True)
        raise typer.Exit(1)
