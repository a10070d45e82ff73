# SPDX-License-Identifier: Apache-2.0
"""`ami-ros import`: recordings of a robot become training data."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.recordings.importing.import_report import ImportReport


def import_(
    recordings: Annotated[
        list[Path],
        typer.Argument(
            help="rosbag2 folders or files (MCAP or SQLite, also packed), LeRobotDataset folders (v2, v3), "
            "or tables of a historian (CSV, Parquet)."
        ),
    ],
    robot: options.Robot = None,
    task: options.Task = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the data set, still without episodes [data/<robot>_<task>]."),
    ] = None,
    topics: Annotated[
        list[str],
        typer.Option(
            "--topic",
            help="In bags: NAME=/TOPIC of a sensor, commands, proposals or verdicts; may be repeated.",
        ),
    ] = [],  # noqa: B006, typer wants a list
    features: Annotated[
        list[str],
        typer.Option(
            "--feature",
            help="In LeRobot data sets: NAME=FEATURE[:COLUMNS] of a sensor, actions or commands; "
            "columns by name, pattern or number, as in right* or 0-5; may be repeated.",
        ),
    ] = [],  # noqa: B006
    columns: Annotated[
        list[str],
        typer.Option(
            "--column",
            help="In tables: NAME=HEADING of a value, a channel's set point, or time; may be repeated.",
        ),
    ] = [],  # noqa: B006
    degrees: Annotated[
        bool, typer.Option("--degrees", help="Angles in LeRobot data sets are in degrees.")
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Angles in LeRobot data sets are percentages: lerobot's calibration file of the arm (JSON)."
        ),
    ] = None,
    ticks: Annotated[
        bool, typer.Option("--ticks", help="With --calibration: angles are servo ticks, not percentages.")
    ] = False,
    actions: Annotated[
        str,
        typer.Option(
            help="Source of actions: actions as recorded (LeRobot), proposals, commands, or measured motion; "
            "auto: the first that covers half."
        ),
    ] = "auto",
    episode_steps: Annotated[
        int | None, typer.Option(help="Control steps per episode [config/collect.yaml].")
    ] = None,
    by_arrival: Annotated[
        bool, typer.Option("--by-arrival", help="Use times of arrival instead of stamps.")
    ] = False,
    correct_offset: Annotated[
        bool, typer.Option("--correct-offset", help="Correct the pictures' stamps by their estimated delay.")
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(help="Use only the first minutes of the recordings [all].", min=0.0, max=1e6),
    ] = None,
) -> None:
    """Cut recordings into episodes at the robot's control rate, and say what is wrong with them.

    Recordings may be of other programs, and cut off: what can be read is used. Next to the data lie
    import_report.json and import_report.png.

    Example: ami-ros import recordings/monday --robot panda --task reach

    Other topics: ami-ros import bag --topic camera=/front/image --topic joints=/arm/joint_states

    Are five minutes enough? ami-ros import recordings/monday --minutes 5 --out data/five

    A historian: ami-ros import march.csv --robot boiler.yaml --task recorded --column heater="TIC-4 SP"

    LeRobot: ami-ros import so101_pick --robot so101 --degrees --feature camera=observation.images.front
    """
    import json

    from ami_ros.api.recording import extras_of, import_settings
    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.errors import ConfigError, EpisodeError
    from ami_ros.system.extras import require

    configuration = Configuration.load(robot, task, {"collect": {"episode_steps": episode_steps}})
    require(*extras_of(recordings))
    from ami_ros.recordings.importing.import_report import PLOT_FILE, REPORT_FILE
    from ami_ros.recordings.importing.importing import ACTIONS, Import, check_new
    from ami_ros.recordings.importing.roles import parse_places, parse_topics
    from ami_ros.report.import_plot import import_plot
    from ami_ros.system.lock_file import only_one
    from ami_ros.system.whole_file import check_writable, write_whole

    if (ticks and calibration is None) or (degrees and calibration is not None):
        raise ConfigError(
            "got --ticks without --calibration, or --degrees with it; expected --degrees, or --calibration "
            "FILE for percentages, or with --ticks for servo ticks"
        )
    if actions not in ACTIONS:
        raise ConfigError(f"--actions: got {actions!r}, expected one of {', '.join(ACTIONS)}")
    out = out or configuration.episodes_folder
    settings = import_settings(
        configuration,
        topics=parse_topics(topics),
        features=parse_places("--feature", "NAME=FEATURE", "camera=observation.images.front", features),
        columns=parse_places("--column", "NAME=HEADING", "temperature=TI-101", columns),
        degrees=degrees,
        calibration=None if calibration is None else str(calibration),
        ticks=ticks,
        actions=actions,
        by_arrival=by_arrival,
        correct_offset=correct_offset,
        first_s=None if minutes is None else 60.0 * minutes,
    )
    check_writable(out / REPORT_FILE)
    check_new(out)
    work = Import(configuration.spec, recordings, settings)
    with only_one("import", out):
        with progress_bar("read", work.count) as bar:
            work.read(bar.update)
        for problem in work.report.problems:
            say(problem, typer.colors.RED, err=True)
        cut, report = work.cut(), work.report
        if cut.begins:
            with progress_bar("episodes", len(cut.begins)) as bar:
                work.write(out, cut, bar.update)
        try:
            write_whole(out / REPORT_FILE, json.dumps(report.to_json(), indent=1) + "\n")
            write_whole(out / PLOT_FILE, import_plot(report, cut.signals))
        finally:
            _print(report)
    if not report.episodes:
        raise EpisodeError(f"got no usable episode: {report.why_nothing()}; see {out / REPORT_FILE}")
    verb = "augment" if configuration.spec.images else "train"  # there are no pictures to augment
    then = f"ami-ros {verb} {configuration.options} --data {quote(str(out))}"
    say(f"{out}: {report.episodes} episodes. Next: {then}")


def _print(report: ImportReport) -> None:
    from rich.table import Table

    from ami_ros.system.terminal import Console

    console = Console()
    table = Table("what", "messages", "Hz", "gaps", "longest", "twice", "late", "frozen", "bad")
    for role, health in report.topics.items():
        expected = "" if health.expected_hz is None else f" of {health.expected_hz:g}"
        longest = max((length for _, length in health.gaps), default=0.0)
        counts = (health.duplicates, health.out_of_order, health.identical, health.malformed)
        table.add_row(
            role,
            str(health.messages),
            "" if health.rate_hz is None else f"{health.rate_hz:.1f}{expected}",
            str(len(health.gaps)),
            f"{longest:.2f} s" if health.gaps else "",
            *map(str, counts),
        )
    console.print(table)
    topics = ", ".join(f"{role} {health.topic}" for role, health in report.topics.items())
    console.print(f"from {topics}", highlight=False)
    for role, health in report.topics.items():
        if health.malformed:
            text = f"{role}: {health.malformed} of {health.messages} messages are unusable: {health.reason}"
            console.print(text, style="red")
    for note in report.notes:
        console.print(note, style="yellow")
    for line in report.beyond:
        console.print(f"out of range: {line}", style="yellow", highlight=False)
    for camera, offset in report.offsets.items():
        if offset is None:
            say(f"{camera}: too little motion to estimate the delay of its stamps")
            continue
        how = f"{offset.late_s * 1e3:+.0f} ms late (standard error {offset.spread_s * 1e3:.0f} ms"
        how += f", correlation {offset.correlation:.2f})"
        then = "corrected" if report.corrected else "unchanged; --correct-offset removes the delay"
        say(f"{camera}: stamps are {how}: {then if offset.sure else 'uncertain, unchanged'}")
    known = ", ".join(f"{share:.0%} known from {name}" for name, share in report.actions_known.items())
    say(f"actions from {report.actions_from} ({known})")
    for reason, seconds in report.dropped_s().items():
        say(f"{seconds:.1f} s unused: {reason}")
    say(f"training will use {report.used_s:.1f} of {report.duration_s:.1f} s")
