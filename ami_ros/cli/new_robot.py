# SPDX-License-Identifier: Apache-2.0
"""`ami-ros new-robot`: write a robot's YAML from its URDF, or from a LeRobot data set of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ami_ros.body.survey.found_hand import FoundHand
    from ami_ros.body.survey.survey import Survey
    from ami_ros.doctor.finding import Finding
    from ami_ros.recordings.lerobot.robot_survey import RobotSurvey
    from ami_ros.system.terminal import Console

RECORDED = "recorded"  # the task of a robot that is known from recordings
TASK = "reach"
PICK = "pick"  # the task of an arm with fingers
SEED = 0  # of the sampling: the same URDF gives the same file


def new_robot(
    source: Annotated[
        str,
        typer.Argument(
            help="The robot's URDF (a path, file:// or package://), the folder of a LeRobot data set, or a "
            "plant's list of tags (CSV: tag, unit, low, high, kind, period_s, rate, rest)."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the robot [that in the URDF, or of the folder].")] = "",
    out: Annotated[Path | None, typer.Option(help="File to write [<name>.yaml in this folder].")] = None,
    tip: Annotated[
        str,
        typer.Option(help="Link to move to goals; the joints on the way to it are the arm [found]."),
    ] = "",
    columns: Annotated[
        list[str],
        typer.Option(
            help="Of a data set: columns to use, by name or pattern, as in 'kRight*'; may be repeated "
            "[all that move]."
        ),
    ] = [],  # noqa: B006, typer wants a list
    camera: Annotated[
        list[str],
        typer.Option(help="Of a data set: camera to use; may be repeated [the one that shows the scene]."),
    ] = [],  # noqa: B006
    hand: Annotated[
        bool,
        typer.Option(
            "--hand", help="Of a URDF: write its gripper as a group that grasps, instead of holding it."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write the YAML of an arm: joints, limits, tip, home, workspace, camera, and a simulation to try it in.

    What the URDF does not say is guessed with care and marked CHECK, with the place where to look it up. A
    package is looked for as ROS does: source the workspace that has it.

    From a LeRobot data set it writes cameras, and set points with ranges as in the data. From a list of tags
    it writes a plant: sensors with the band of each value, and set points.

    Example: ami-ros new-robot <arm>.urdf --name my_arm

    With its gripper: ami-ros new-robot <arm>.urdf --name my_arm --hand

    A plant: ami-ros new-robot tags.csv --name boiler

    Of recordings: ami-ros new-robot <data set> --name g1 --columns 'kRight*'
    """
    import numpy as np

    from ami_ros.body.resources import resource
    from ami_ros.body.survey.found_hand import find_hand
    from ami_ros.body.survey.robot_yaml import robot_yaml
    from ami_ros.body.survey.survey import survey
    from ami_ros.body.urdf_checks import read_urdf
    from ami_ros.errors import ConfigError
    from ami_ros.recordings.lerobot.layout import is_lerobot
    from ami_ros.recordings.tables.table import is_parquet, is_table
    from ami_ros.system.regular_file import is_there
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import write_whole

    dataset = Path(source)
    if hand and ((is_there(dataset) and is_lerobot(dataset)) or is_table(dataset)):
        raise ConfigError(f"--hand: got {source}, expected a URDF with it")
    if is_there(dataset) and is_lerobot(dataset):
        if tip:
            raise ConfigError(f"--tip: got {tip}, expected a URDF with it: {source} is a data set")
        _of_recordings(dataset, name or dataset.resolve().name, out, columns, camera, force)
        return
    if is_table(dataset) and not is_parquet(dataset):
        if tip or columns or camera:
            raise ConfigError(f"--tip, --columns, --camera: expected none for a list of tags, {source}")
        _of_tags(dataset, name or dataset.stem, out, force)
        return
    if columns or camera:
        raise ConfigError(f"--columns, --camera: expected the folder of a LeRobot data set, got {source}")
    path = resource(source, Path.cwd())
    name = name or read_urdf(path).get("name", "") or path.stem
    out = _file(name, out, force)
    console = Console()
    with console.status(f"sampling postures of {path.name}"):
        found = survey(path, tip, np.random.default_rng(SEED))
    gripper = find_hand(path, read_urdf(path), found.chain.held) if hand else None
    text = robot_yaml(name, source, found, out.parent, gripper)
    write_whole(out, text)
    _print_summary(console, out, text, found, gripper)


def _file(name: str, out: Path | None, force: bool) -> Path:
    """Return the file to write. Raises OutputError: it is there already, or cannot be written."""
    from ami_ros.errors import OutputError
    from ami_ros.system.whole_file import check_writable

    plain = "".join(letter if letter.isalnum() else "_" for letter in name.lower()).strip("_") or "robot"
    out = out or Path(f"{plain}.yaml")
    if out.suffix != ".yaml":
        raise OutputError(f"{out}: got {out.suffix or 'no suffix'}, expected a file that ends in .yaml")
    check_writable(out)
    if out.exists() and not force:
        raise OutputError(f"{out}: exists already, expected another --out, or --force to replace it")
    return out


def _of_recordings(
    dataset: Path, name: str, out: Path | None, columns: list[str], cameras: list[str], force: bool
) -> None:
    """Write the YAML of the robot that a LeRobot data set shows."""
    from ami_ros.system.extras import require

    require("lerobot")
    from ami_ros.recordings.lerobot.proposed_robot import proposed_robot
    from ami_ros.recordings.lerobot.robot_survey import survey_dataset
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import write_whole

    out, console = _file(name, out, force), Console()
    with console.status(f"reading {dataset.name}"):
        found = survey_dataset(dataset, columns, cameras)
    text = proposed_robot(name, dataset, found)
    write_whole(out, text)
    _print_recorded(console, dataset, out, text, found)


def _of_tags(source: Path, name: str, out: Path | None, force: bool) -> None:
    """Write the YAML of the plant that a list of tags describes."""
    from ami_ros.body.robot_spec import load_robot
    from ami_ros.body.survey.robot_yaml import MARK
    from ami_ros.recordings.tables.proposed_plant import proposed_plant
    from ami_ros.recordings.tables.tag_list import read_tags
    from ami_ros.system.terminal import say
    from ami_ros.system.whole_file import write_whole

    out, tags = _file(name, out, force), read_tags(source)
    text = proposed_plant(name, source, tags)
    write_whole(out, text)
    load_robot(out, RECORDED)
    settable = sum(tag.is_set for tag in tags)
    say(f"{out}: {len(tags) - settable} sensors, {settable} set points")
    say(f"Check the {text.count(MARK)} values marked {MARK}: topics, and how fast the plant can turn around.")
    named = f"--robot {shlex.quote(str(out))} --task {RECORDED}"
    say(f"Next, on the plant: ami-ros doctor {named} --live")
    say(f"Next, of a historian's table: ami-ros import TABLE {named}")


def _print_recorded(console: Console, dataset: Path, out: Path, text: str, found: RobotSurvey) -> None:
    from rich.table import Table

    from ami_ros.body.robot_spec import load_robot
    from ami_ros.body.survey.robot_yaml import MARK
    from ami_ros.errors import printable
    from ami_ros.recordings.lerobot.proposed_robot import summary
    from ami_ros.system.terminal import say

    load_robot(out, RECORDED)
    table = Table("in the file", "found", title=str(out), title_justify="left", show_header=False)
    for what, there in summary(found):
        table.add_row(what, printable(there))
    console.print(table)
    for problem in found.problems:
        say(problem, typer.colors.RED, err=True)
    say(f"Check the {text.count(MARK)} values marked {MARK}: units first, then topics.")
    named = f"--robot {shlex.quote(str(out))} --task {RECORDED} --data {shlex.quote(str(dataset))}"
    say(f"Next: ami-ros model {named}")


def _print_summary(console: Console, out: Path, text: str, found: Survey, hand: FoundHand | None) -> None:
    """Print what was found, what to look at and what comes next; exit code 1 if the file cannot work.

    Differences from the live topics are only reported: the file has marked guesses there.
    """
    from rich.table import Table
    from rich.text import Text

    from ami_ros.body.survey.first_of import first_of
    from ami_ros.body.survey.robot_yaml import MARK
    from ami_ros.cli.doctor import COLOURS
    from ami_ros.doctor.robot import limits, workspace
    from ami_ros.doctor.standing import standing
    from ami_ros.errors import printable
    from ami_ros.system.terminal import say

    chain, home, box = found.chain, found.home, found.workspace
    size = " x ".join(f"{side:.2f}" for side in box[1] - box[0])
    how = "the middle of the limits" if home.is_middle else "found by sampling"
    table = Table("in the file", "found", title=str(out), title_justify="left", show_header=False)
    table.add_row("joints", f"{len(chain.joints)}: {', '.join(chain.joints)}")
    table.add_row("tip", f"{chain.tip}; others: {first_of(chain.others) or 'none'}")
    table.add_row("home", f"{how}; tip {home.tilt_deg:.0f} degrees off straight down")
    table.add_row("workspace", f"{size} m; orientation of the tip {found.orientation}")
    if hand is None:
        table.add_row("held still", first_of(chain.held) or "nothing")
    else:
        span = f"{hand.low:g} to {hand.high:g} {hand.unit}"
        table.add_row("gripper", f"{hand.channel}, {span}, of {first_of(list(hand.joints))}")
    findings = [limits(str(out), None), workspace(str(out), None), standing(str(out), TASK)]
    findings += [] if hand is not None else [_task(out)]  # a hand has tasks of its own
    with console.status("listening for the robot's topics"):
        live = _live(out)
    for finding in (*findings, *live):
        advice = f"; {finding.advice}" if finding.advice else ""
        told = Text.assemble((finding.level, COLOURS[finding.level]), f" {printable(finding.found + advice)}")
        table.add_row(f"check: {finding.name}", told)
    console.print(table)
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)
    marked = [number for number, line in enumerate(text.splitlines(), start=1) if MARK in line]
    console.print(
        f"Check the {len(marked)} lines marked {MARK}: acceleration, jerk and tip, then topics and camera.",
        highlight=False,
    )
    named, look = shlex.quote(str(out)), shlex.quote(str(out.with_suffix(".png")))
    task = TASK if hand is None or hand.unit != "m" else PICK
    if task == PICK:
        say("To grasp what stands on the table, lower the floor of the arm's workspace to it.")
    say(f"See what its camera sees: ami-ros doctor --robot {named} --task {task} --picture {look}")
    if hand is not None and task != PICK:
        say("In simulation its jaw grasps; a task for it is to be written: CONTRIBUTING.md, Add a task.")
    else:
        say(f"Next, in simulation: ami-ros model --robot {named} --task {task}")
    say(f"Next, on the robot: ami-ros doctor --robot {named} --task {task} --live")


def _live(out: Path) -> list[Finding]:
    """Hold the file against the robot's topics, where there are some."""
    from ami_ros.cli.doctor import LISTEN_S
    from ami_ros.cli.live_topics import hear
    from ami_ros.configuration import Configuration
    from ami_ros.doctor.finding import Finding
    from ami_ros.doctor.live.checks import live_checks
    from ami_ros.errors import AmiError

    later = f"once it runs: ami-ros doctor --robot {shlex.quote(str(out))} --task {TASK} --live"
    try:
        configuration = Configuration.load(str(out), TASK)
        robot = hear(configuration, LISTEN_S)
    except AmiError as error:
        return [Finding("live topics", "warn", f"not checked: {error}", later)]
    if not robot.is_there:
        found = f"not checked: none of its topics in ROS_DOMAIN_ID {robot.domain}"
        return [Finding("live topics", "warn", found, later)]
    return live_checks(configuration, robot)


def _task(out: Path) -> Finding:
    """Check that episodes of the task that needs least can be drawn in the workspace."""
    from ami_ros.body.robot_spec import load_robot
    from ami_ros.doctor.finding import Finding
    from ami_ros.errors import AmiError
    from ami_ros.system.extras import missing_modules

    if missing_modules("sim"):
        return Finding(f"task {TASK}", "warn", "not tried: no simulator", "pip install -e '.[sim]'")
    from ami_ros.sim.tasks.by_name import load_task

    try:
        load_task(TASK, load_robot(out, TASK)).episode(0)
    except AmiError as error:
        return Finding(f"task {TASK}", "warn", str(error), "another home or tip may give a larger workspace")
    return Finding(f"task {TASK}", "ok", "goals fit in the workspace")
