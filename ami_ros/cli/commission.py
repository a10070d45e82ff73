# SPDX-License-Identifier: Apache-2.0
"""`ami-ros commission`: from a model that plans and moves nothing to a robot at full speed, step by step."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import ask, say

if TYPE_CHECKING:
    from ami_ros.commissioning.core.record import Commissioning, StepRecord
    from ami_ros.commissioning.steps import CommissionSteps
    from ami_ros.evaluation.experiment import Experiment


def commission(
    robot: options.Robot = None,
    task: options.Task = None,
    model: options.Model = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of record, goals and report.html [commissioned/<robot>_<task>]."),
    ] = None,
    sim: Annotated[
        bool,
        typer.Option("--sim", help="On the simulated robot, as fast as the machine allows."),
    ] = False,
    steps: Annotated[
        str,
        typer.Option(
            help="Some of shadow, slow, faults, medium, full, joined by commas; random or inverse_model to "
            "compare with full."
        ),
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="Repeat steps that are already passed.")] = False,
    goals: Annotated[int | None, typer.Option(help="Goals at each speed [config/commission.yaml].")] = None,
    operator: Annotated[
        bool,
        typer.Option(
            "--operator", help="A person moves the robot in the shadow step, instead of the explorer."
        ),
    ] = False,
    changes: Annotated[
        list[str], typer.Option("--set", help="KEY=VALUE of config/commission.yaml; may be repeated.")
    ] = [],  # noqa: B006, typer wants a list
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Do not ask before the robot moves, and skip the fault that covers its camera."
        ),
    ] = False,
    logs: options.Logs = None,
) -> None:
    """Take a robot from a model that plans, and moves nothing, to full speed; starts planner and gate.

    A plant with set points gets a share of their ranges instead: 10 % around where they stood, 30 %, all.

    shadow: the explorer moves the robot, the planner only plans; do its plans point the right way? The camera
    takes the goals of the next steps. slow: goals at a tenth of the speed. faults: camera covered, planner
    stopped, e-stop; does the gate react? Then medium and full speed. What a step must show is in
    config/commission.yaml; the first that does not show it ends the run, and says what to do. random and
    inverse_model pursue goals at full speed without search: what the planner is worth.

    Every step is kept: the same command goes on where the last one ended. Ctrl-C holds the robot. Exit code 0
    when all steps that were asked for are passed, else 1. report.html is for a colleague to sign.

    Example: ami-ros commission --robot my_robot --task reach --model runs/my_robot_reach/model.pt

    In the simulator: ami-ros commission --robot panda --task reach --sim

    Next to its baselines: ami-ros commission --robot my_robot --task reach --steps random,inverse_model

    A plant next to its operators: ami-ros commission --robot my_plant --task recorded --model model.pt
    --operator

    One step again: ami-ros commission --robot my_robot --task reach --steps slow --again
    """
    import tempfile

    from ami_ros.commissioning.core.record import Subject, checked_steps
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.experiment import parsed_changes, prepare
    from ami_ros.system.extras import require
    from ami_ros.system.lock_file import only_one

    wanted = checked_steps(steps)
    if operator and sim:
        raise ConfigError("got --operator and --sim, expected one of them: no person moves a simulated robot")
    given = parsed_changes(changes, "config/commission.yaml")
    if goals is not None and given.get("goals", goals) != goals:
        raise ConfigError(f"got --goals {goals} and --set goals={given['goals']}, expected one of them")
    experiment = prepare(robot, task, model, others={"commission": {"goals": goals, **given}})
    _check(experiment, explores=not operator)
    subject = Subject(experiment.spec.name, experiment.configuration.task_name, experiment.sha256, sim)
    asks = not (sim or yes)
    if asks and not sys.stdin.isatty():
        raise ConfigError(
            "got no terminal to ask before the robot moves, expected one, or --yes if no person is near the "
            "robot"
        )
    require("ros", "train", *(["sim"] if sim else []))
    place = out or Path("commissioned", experiment.configuration.name + "_sim" * sim)
    command = _command(experiment, place, goals, changes) + " --sim" * sim + " --operator" * operator
    with only_one("commission", place):
        runner = _runner(
            experiment,
            subject,
            place,
            sim,
            not operator,
            logs or Path(tempfile.mkdtemp(prefix="ami_ros_")),  # kept: an error names it
            asks,
        )
        passed = _run_all(runner, experiment, place, command, wanted, again, asks)
    raise typer.Exit(0 if passed else 1)


def _command(experiment: Experiment, place: Path, goals: int | None, changes: list[str]) -> str:
    """Return the command that goes on with the same commissioning."""
    command = f"ami-ros commission {experiment.configuration.options} --model {quote(str(experiment.model))}"
    command += "" if goals is None else f" --goals {goals}"
    return "".join([command, f" --out {quote(str(place))}", *(f" --set {quote(one)}" for one in changes)])


def _check(experiment: Experiment, explores: bool) -> None:
    """Tell now what would end a node's process, or the run, later. Raises AmiError."""
    from ami_ros.commissioning.core.place import place_of
    from ami_ros.exploration.planner import ExploringPlanner

    configuration = experiment.configuration
    place_of(configuration.spec)
    if explores:
        ExploringPlanner(configuration.spec, configuration.explorer)
    _ = configuration.commission


def _runner(
    experiment: Experiment, subject: Any, place: Path, sim: bool, explores: bool, logs: Path, asks: bool
) -> CommissionSteps:
    from ami_ros.commissioning.folder import CommissionFolder
    from ami_ros.commissioning.nodes import Commission
    from ami_ros.commissioning.steps import CommissionSteps

    folder = CommissionFolder(place)
    folder.check()
    configuration = experiment.configuration
    what = Commission(configuration, experiment.model, configuration.commission, sim, explores)
    return CommissionSteps(
        what,
        folder,
        folder.read(subject),
        logs,
        _now,
        lambda text: say(f"please {text}", typer.colors.YELLOW, err=True),
        asks,
    )


def _run_all(
    runner: CommissionSteps,
    experiment: Experiment,
    place: Path,
    command: str,
    wanted: tuple[str, ...],
    again: bool,
    asks: bool,
) -> bool:
    """Run steps until one is not passed; whatever ends it, the robot holds, and the report is written."""
    with _ended(runner, experiment, place, command):
        for step in wanted:
            if runner.commissioning.is_passed(step) and not again:
                say(f"{step}: was passed before")
                continue
            _warn(runner.commissioning, step)
            if asks:
                _ask(step, experiment)
            record = _run(runner, step, again)
            _say(step, record, runner.commissioning)
            if record.problems:
                break
    return all(runner.commissioning.is_passed(step) for step in wanted)


@contextmanager
def _ended(runner: CommissionSteps, experiment: Experiment, place: Path, command: str) -> Iterator[None]:
    from ami_ros.system.interrupts import interruptible

    try:
        with interruptible():
            yield
    except KeyboardInterrupt:
        say(f"Holding. The results so far are stored in {place}; run the same command to continue.")
        runner.close()
        _report(runner, experiment, place, command)
        raise typer.Exit(128 + signal.SIGINT) from None
    except BaseException:
        runner.close()
        with suppress(Exception):  # the first error is the one to report
            _report(runner, experiment, place, command)
        raise
    runner.close()
    _report(runner, experiment, place, command)


def _report(runner: CommissionSteps, experiment: Experiment, place: Path, command: str) -> None:
    from ami_ros.commissioning.folder import CommissionFolder
    from ami_ros.commissioning.report import write_commission_report

    page = write_commission_report(experiment, runner.commissioning, CommissionFolder(place), command, _now())
    say(f"See {page}")


def _now() -> str:
    """Return the date and time, for people."""
    return datetime.now().astimezone().isoformat(" ", "minutes")


def _run(runner: CommissionSteps, step: str, again: bool) -> StepRecord:
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn

    from ami_ros.cli.progress import progress_bar

    columns = BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn()
    with progress_bar(step, total=None, columns=columns, note="starting") as bar:

        def show(done: int, total: int, note: str) -> None:
            bar.move_to(done, note, total)

        return runner.run(step, show, again)


def _warn(commissioning: Commissioning, step: str) -> None:
    if missing := commissioning.missing_before(step):
        say(f"{step}: {' and '.join(missing)} should be passed first", err=True)


def _ask(step: str, experiment: Experiment) -> None:
    from ami_ros.commissioning.core.place import place_of
    from ami_ros.commissioning.core.record import FAULTS, SHADOW

    settings, place = experiment.configuration.commission, place_of(experiment.spec)
    speed = f"with {100 * settings.speed(step):g} % of {place.authority}"
    how = {
        SHADOW: f"gently and at random, at {100 * experiment.configuration.explorer.speed:g} % of its speed",
        FAULTS: f"{speed}; you will be asked to {place.by_hand[0].removesuffix(' now')}",
    }.get(step, f"{speed}, to goals that its sensors took")
    ask(
        f"{step}: the robot will move {how}. Is everyone out of its reach, and is a hand on the e-stop?",
        err=True,
    )


def _say(step: str, record: StepRecord, commissioning: Commissioning) -> None:
    """Say what a step showed, and what comes next."""
    from ami_ros.commissioning.core.record import STEPS
    from ami_ros.commissioning.core.wording import summary_of

    say(f"{step}: {'not passed' if record.problems else 'passed'}: {summary_of(step, record)}")
    for problem in record.problems:
        say(f"  {problem}")
    if record.problems:
        say(f"Next: correct this, then run the same command to try {step} again.")
        return
    rest = [name for name in STEPS if not commissioning.is_passed(name)]
    say(f"Next: {rest[0]}" if rest else "Next: all steps are passed; sign the report.")
