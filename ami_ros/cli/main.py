# SPDX-License-Identifier: Apache-2.0
"""`ami-ros`: the verbs, each in a file of its own that is imported only when it is used."""

from __future__ import annotations

import errno
import importlib
import keyword
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
import typer.core

from ami_ros.cli.output import told_output
from ami_ros.errors import AmiError, printable_lines
from ami_ros.system.extras import advice_on
from ami_ros.system.interrupts import interruptible
from ami_ros.system.processes import command_line
from ami_ros.system.stop_request import SIGNALS

# verb -> (module, what it does). The function, or the Typer app, in the module has the verb's name, - is
# _, and a word of Python's has a _ behind it.
VERBS = {
    "demo": ("ami_ros.cli.demo", "Ten goals through ROS 2: a table, a report and a video."),
    "new-robot": ("ami_ros.cli.new_robot", "Write a robot's YAML from its URDF."),
    "explore": (
        "ami_ros.cli.explore",
        "Move a robot at random, gently and through the gate, to learn from it.",
    ),
    "collect": ("ami_ros.cli.collect", "Record random motion in the simulator."),
    "record": ("ami_ros.cli.recordings.record", "Record a robot's topics as rosbag2 MCAP."),
    "import": (
        "ami_ros.cli.recordings.importing",
        "Turn recordings into training data, and report what is wrong with them.",
    ),
    "augment": (
        "ami_ros.cli.recordings.augment",
        "Vary recordings as a simulator varies light and cameras.",
    ),
    "export-data": ("ami_ros.cli.recordings.export_data", "Write episodes as a LeRobotDataset v3."),
    "watch": ("ami_ros.cli.watch", "See a robot think: live, in a recording or in the demo."),
    "replay": ("ami_ros.cli.recordings.replay", "Play a recording to planner and gate, without a robot."),
    "train": ("ami_ros.cli.train", "Train a world model from recorded episodes."),
    "imagine": ("ami_ros.cli.imagine", "Give a model a decoder, so that people see what it expects."),
    "export": ("ami_ros.cli.export", "Turn a training run into one model.pt."),
    "inspect": ("ami_ros.cli.inspect", "Show what a model.pt contains and how good it is."),
    "model": ("ami_ros.cli.model", "Collect, train, export and evaluate a model from nothing."),
    "evaluate": ("ami_ros.cli.evaluate", "Measure success against baselines, in process or through ROS 2."),
    "commission": (
        "ami_ros.cli.commission",
        "Take a robot step by step from plans that move nothing to full speed.",
    ),
    "memory": ("ami_ros.cli.memory", "Inspect a robot's memory and tidy it up."),
    "bench": ("ami_ros.cli.bench", "Measure the performance of this machine."),
    "doctor": ("ami_ros.cli.doctor", "Check this machine and advise what to fix."),
}
DEBUG_VARIABLE = "AMI_ROS_DEBUG"
FAILED = 2  # exit code of an error that the user can do something about
TYPED = (errno.ENAMETOOLONG, errno.ELOOP)  # of a path: what was typed is wrong, wherever it is noticed
STOPPED = {128 + number: number.name for number in SIGNALS}  # exit code -> the signal that asked for it

HELP = """A robot reaches what a picture shows: a world model, a planner and a safety gate for ROS 2."""
EPILOG = """Start here: [bold]ami-ros doctor[/], then [bold]ami-ros demo[/] (see demo/report.html).

Measure: [bold]ami-ros evaluate --via direct --episodes 50 --json figures.json[/]

Your own robot: [bold]ami-ros new-robot arm.urdf[/]; each step names the next one.

Your own model: [bold]ami-ros model --task reach[/] does collect, train, export and evaluate.

Every verb explains itself: [bold]ami-ros evaluate --help[/]
"""


class LazyGroup(typer.core.TyperGroup):
    """A group that knows its verbs by name and imports a verb's file only when it is run."""

    def make_context(self, *arguments: Any, **how: Any) -> Any:
        """Read the arguments before the verb."""
        with _printable_refusal():
            return super().make_context(*arguments, **how)

    def invoke(self, ctx: Any) -> Any:
        """Read the verb's arguments, and run it."""
        with _printable_refusal():
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        """List the verbs in the order people need them."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a stand-in that is good for help and completion only."""
        if cmd_name not in VERBS:
            return None
        stand_in = typer.Typer(add_completion=False)
        stand_in.command(cmd_name, help=VERBS[cmd_name][1])(lambda: None)
        return typer.main.get_command(stand_in)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the real verb, now that it is about to run."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load_verb(name), rest


@contextmanager
def _printable_refusal() -> Iterator[None]:
    """Let Typer print no control character of what was typed: a shell fills in names of files."""
    try:
        yield
    except Exception as error:
        if isinstance(message := getattr(error, "message", None), str):
            error.message = printable_lines(message)  # type: ignore[attr-defined]
        raise


def verb_function(name: str) -> Any:
    """Import a verb's file and return its function, or its Typer app."""
    function = name.replace("-", "_") + "_" * keyword.iskeyword(name)
    return getattr(importlib.import_module(VERBS[name][0]), function)


def load_verb(name: str) -> Any:
    """Import a verb's file and return its command."""
    verb = verb_function(name)
    if not isinstance(verb, typer.Typer):
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command(name)(verb)
        verb = app
    command = typer.main.get_command(verb)
    _say_literally(command)
    return command


def _say_literally(command: Any) -> None:
    """Let help show what the code says: as markup, [data/<name>] would vanish, in Markdown <name> too."""
    from rich.markup import escape

    command.help = escape(command.help or "")
    for parameter in command.params:
        parameter.help = escape(getattr(parameter, "help", None) or "")
    for below in getattr(command, "commands", {}).values():
        _say_literally(below)


app = typer.Typer(
    cls=LazyGroup,
    help=HELP,
    epilog=EPILOG,
    add_completion=False,
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from ami_ros import __version__

        typer.echo(f"ami-ros {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
    debug: bool = typer.Option(False, "--debug", help=f"Show tracebacks (also: {DEBUG_VARIABLE}=1)."),
) -> None:
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"  # the node processes inherit it


def report_error(error: Exception) -> None:
    """Print one red line on stderr; for what nobody foresaw also how to see more.

    What it quotes of files, names and messages is shown, and not obeyed by the terminal. Where there are more
    lines, as of a node's log, they are indented: none of them can look like one of ours.
    """
    text = str(error)
    if isinstance(error, ModuleNotFoundError) and (advice := advice_on(error.name)):
        text = advice
    elif not isinstance(error, AmiError):
        kind, first = type(error).__name__, next(iter(text.splitlines()), "")
        if isinstance(error, OSError) and error.strerror:
            kind, first = str(error.filename or kind), error.strerror
        text = f"{kind}: {first or 'no message'}"
        if getattr(error, "errno", None) not in TYPED:
            text += " (where: the same with `ami-ros --debug`)"
    typer.secho(f"error: {printable_lines(text)}", fg=typer.colors.RED, err=True)


def main() -> None:
    """Entry point of every verb: exit code 2 and one line, never a traceback unasked, whatever goes wrong.

    What a user can get wrong is an AmiError, raised where it is noticed. The rest is a full disk, too little
    memory, or a mistake of ours; of these a line is all that most want to see, too.
    """
    # As Ctrl-C does, unwind: the node processes that we started must not outlive us.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with told_output():
        run(app)


def run(program: typer.Typer) -> None:
    """Run a Typer app with the arguments of this process; see `main`."""
    try:
        with interruptible():
            program(args=command_line(sys.argv)[0])
    except SystemExit as ending:
        if ending.code in STOPPED:
            typer.echo(f"stopped by {STOPPED[ending.code]}", err=True)
        raise
    except KeyboardInterrupt:  # outside of the verb, which turns it into an exit of its own
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0"):
            raise
        report_error(error)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
