# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks judging`: does the success that a model's figures let expect come about?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from ami_ros.model.judging.settings import JudgementSettings
    from benchmarks.judging.variants import Variant

SEED = 7001
HALF = 0.5  # of the goals: a model that reaches fewer should have been refused


@dataclass(frozen=True)
class Subject:
    """A model that is judged and measured.

    Attributes:
        name: for people.
        model: path of its file.
        robot: that it was made for.
        task: likewise.
        figures: file of what was measured.
        make: makes the file, where it is not there yet.
    """

    name: str
    model: Path
    robot: str
    task: str
    figures: Path
    make: Callable[[], None] = lambda: None


def judging(
    folder: Annotated[
        Path, typer.Option(help="Folder of recordings, models and measurements; a stopped run resumes.")
    ] = Path("runs/judging"),
    variant: Annotated[
        list[str], typer.Option(help="Make only this model; may be repeated. Default: all. none: none.")
    ] = [],  # noqa: B006, typer wants a list
    model: Annotated[
        list[Path], typer.Option(help="Judge and measure this model.pt as well; may be repeated.")
    ] = [],  # noqa: B006
    recorded: Annotated[
        int, typer.Option(help="Recorded episodes for a good model.", min=4, max=100_000)
    ] = 400,
    steps: Annotated[int, typer.Option(help="Optimiser steps of a good model.", min=1)] = 400,
    episodes: options.Episodes = 40,
    seed: options.Seed = SEED,
    robot: options.Robot = None,
    task: options.Task = None,
    workers: options.Workers = 2,
    json_file: options.Json = None,
    plot: Annotated[
        Path | None, typer.Option(help="Plot measured over expected success to this PNG file.")
    ] = None,
) -> None:
    """Make models from good to deliberately bad, judge each, and measure what it reaches.

    Bad ones are trained too briefly, on too little, or on recordings with a fault: actions of other moments,
    a frozen camera. None with a success under 0.5 may pass. What fits better, for config/judgement.yaml, is
    printed, and is "fitted" in the JSON. A given model is measured with the robot and task it was made for.

    Example: python -m benchmarks judging --json judging.json --plot judging.png

    Quick: python -m benchmarks judging --variant good --variant untrained --recorded 40 --episodes 2

    Only what is there: python -m benchmarks judging --variant none --model models/panda_reach/model.pt
    """
    from ami_ros.configuration import Configuration
    from ami_ros.errors import AmiError
    from ami_ros.evaluation.experiment import check_counts
    from ami_ros.evaluation.figures import write_json
    from ami_ros.model.judging.settings import load_judgement_settings
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.lock_file import only_one
    from ami_ros.system.whole_file import check_writable, write_whole
    from benchmarks.judging.fitting import Row, agreement
    from benchmarks.judging.variants import chosen

    wanted = chosen(variant)
    check_counts(episodes, seed, workers)
    require("sim", "train")
    check_writable(json_file, plot)
    settings = load_judgement_settings()
    made: list[dict[str, Any]] = []
    problems: dict[str, str] = {}
    with only_one("judging", folder):
        configuration = Configuration.load(robot, task)
        where = _same_sizes(folder / configuration.name, recorded=recorded, steps=steps)
        _record(where / "episodes", configuration, recorded if wanted else 0)
        subjects = [*_variants(where, wanted, configuration, recorded, steps), *_given(folder, model)]
        for number, subject in enumerate(subjects, 1):
            say(f"model {number} of {len(subjects)}: {subject.name}", err=True)
            try:
                subject.make()
                made.append({"name": subject.name, **_measured(subject, settings, episodes, seed, workers)})
            except AmiError as error:
                problems[subject.name] = str(error)
                say(f"left out: {subject.name}: {error}", typer.colors.RED, err=True)
    rows = [Row(one["parts"], one["measured"]) for one in made if one["parts"]]
    figures = {
        "models": made,
        "left_out": problems,
        "passed_under_half": [m["name"] for m in made if m["may_plan"] and m["measured"] < HALF],
        "refused_over_least": [
            m["name"] for m in made if not m["may_plan"] and m["measured"] >= settings.least_success
        ],
        **(agreement(rows, settings.curves) if rows else {}),
        "least_success": settings.least_success,
        "episodes": episodes,
        "seed": seed,
        "hardware": hardware(),
        "versions": versions(),
    }
    try:
        write_json(json_file, figures)
        if plot is not None and made:
            from ami_ros.report.plots import measured_over_expected

            known = [one for one in made if one["expected"] is not None]
            write_whole(plot, measured_over_expected(known, settings.least_success))
    finally:
        _print(figures)


def _same_sizes(where: Path, **sizes: int) -> Path:
    """Return the folder, whose models are of these sizes. Raises ConfigError: they are of others."""
    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.figures import read_json, write_json

    file = where / "sizes.json"
    if (before := read_json(file)) not in ({}, sizes):
        raise ConfigError(f"{where}: got models of {before}, expected {sizes}; choose another --folder")
    where.mkdir(parents=True, exist_ok=True)
    write_json(file, sizes)
    return where


def _record(data: Path, configuration: Configuration, count: int) -> None:
    from ami_ros.cli.collect import collect
    from ami_ros.episodes.episode import episode_path

    if any(not episode_path(data, index).is_file() for index in range(count)):
        collect(
            out=data,
            task=configuration.task,
            robot=configuration.robot,
            episodes=count,
            event_pairs=0,
            oddities=0,
            double_exposures=0,
        )


def _variants(
    where: Path, wanted: list[Variant], configuration: Configuration, recorded: int, steps: int
) -> Iterator[Subject]:
    from ami_ros.cli.train import train
    from benchmarks.judging.variants import spoil

    robot, task = configuration.robot, configuration.task

    def make(variant: Variant, path: Path) -> None:
        if not path.is_file():
            data = spoil(where / "episodes", variant, recorded, path.with_name("episodes"))
            train(data=data, out=path, robot=robot, task=task, steps=variant.steps_of(steps))

    for variant in wanted:
        path = where / variant.name / "model.pt"
        figures = path.with_name("measured.json")
        yield Subject(variant.name, path, robot, task, figures, partial(make, variant, path))


def _given(folder: Path, models: list[Path]) -> Iterator[Subject]:
    from ami_ros.model.files import read_verified

    for path in models:
        file = read_verified(path)
        contract = file.contract()
        figures = folder / "given" / f"{file.sha256[:16]}.json"
        yield Subject(str(path), path, contract.robot, contract.task, figures)


def _measured(
    subject: Subject, settings: JudgementSettings, episodes: int, seed: int, workers: int
) -> dict[str, Any]:
    """Return what the figures of a model let expect, and what came about, unless that is known already."""
    from ami_ros.cli.evaluate import evaluate
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import read_json
    from ami_ros.model.files import read_verified
    from ami_ros.model.judging.judgement import judge
    from ami_ros.sim.tasks.by_name import load_task

    model = read_verified(subject.model)
    judgement = judge(model.contract(), settings)
    same = {"model_sha256": model.sha256, "seed": seed, "episodes": episodes}
    figures = read_json(subject.figures)
    if same != {name: figures.get(name) for name in same}:
        evaluate(
            task=subject.task,
            model=subject.model,
            robot=subject.robot,
            changes=["judged=false"],
            episodes=episodes,
            seed=seed,
            baselines=False,
            workers=workers,
            json_file=subject.figures,
        )
        figures = read_json(subject.figures)
    configuration = Configuration.load(subject.robot, subject.task)
    success = load_task(subject.task, configuration.spec).yardstick.loosest.figure("success")
    return {
        "model_sha256": model.sha256,
        "parts": dict(judgement.parts),
        "expected": judgement.success,
        "may_plan": judgement.may_plan,
        "measured": figures[success],
        "measured_ci": figures[f"{success}_ci"],
    }


def _print(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from ami_ros.model.judging.parts import PARTS
    from ami_ros.system.terminal import Console

    table = Table("model", *PARTS, "expected", "measured (95 %)", "may plan", title="success")
    for one in sorted(figures["models"], key=lambda m: -m["measured"]):
        parts = (f"{one['parts'][name]:.2f}" if name in one["parts"] else "-" for name in PARTS)
        lower, upper = one["measured_ci"]
        wrong = one["name"] in figures["passed_under_half"]
        table.add_row(
            one["name"],
            *parts,
            "-" if one["expected"] is None else f"{one['expected']:.2f}",
            f"{one['measured']:.2f} ({lower:.2f}-{upper:.2f})",
            "yes" if one["may_plan"] else "no",
            style="red" if wrong else "",
        )
    console = Console()
    console.print(table)
    if figures.get("rank_correlation") is not None:
        console.print(
            f"rank correlation of expected and measured success {figures['rank_correlation']:.2f}, of models "
            f"left out of the fit {figures['rank_correlation_left_out']:.2f}"
        )
        for name, curve in figures["fitted"].items():
            console.print(f"fitted: {name}: middle {curve['middle']:g}, width {curve['width']:g}")
    console.print(
        f"passed with a success under {HALF:g}: {', '.join(figures['passed_under_half']) or 'none'}"
    )
    refused = ", ".join(figures["refused_over_least"]) or "none"
    console.print(f"refused with one of {figures['least_success']:g} or more: {refused}")
