# SPDX-License-Identifier: Apache-2.0
"""`ami-ros evaluate`: success, time to reach and plan time over many episodes, against baselines."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.system.engines import LOCAL
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from ami_ros.evaluation.experiment import Experiment, Runner
    from ami_ros.sim.loop.closed_loop import EpisodeResult

VIA = ("direct", "ros")
SWITCH = ("on", "off")
OFFERED = ("robot", "task", "model", "episodes", "seed", "json_file")  # what an evaluation of a package takes
SPELT = {"changes": "--set", "map_": "--map"}  # options that their parameters are not named for


def evaluate(
    task: options.Task = None,
    model: options.Model = None,
    robot: options.Robot = None,
    planner: options.Solver = None,
    changes: Annotated[
        list[str], typer.Option("--set", help="KEY=VALUE of config/planner.yaml; may be repeated.")
    ] = [],  # noqa: B006, typer wants a list
    via: options.Via = "direct",
    episodes: options.Episodes = 50,
    seed: options.Seed = 7001,
    goal: options.Goal = "image",
    baselines: options.Baselines = True,
    routes: Annotated[
        str | None,
        typer.Option(
            help="How the planner finds routes beyond its horizon: off, graph (needs --memory), learned "
            "[config/planner.yaml]."
        ),
    ] = None,
    memory: Annotated[
        str,
        typer.Option(help="on: the planner remembers in a temporary file; a FILE: in a copy of it."),
    ] = "off",
    map_: Annotated[
        str,
        typer.Option(
            "--map",
            help="seen; unseen: maps absent from training; changed: another map on the way [the task's].",
        ),
    ] = "",
    perturb: Annotated[
        str | None,
        typer.Option(
            help="Vary light, colours, textures, camera_pose, exposure, noise, blur or jpeg in each episode; "
            "all: each in turn, besides the clean episodes."
        ),
    ] = None,
    perturb_scale: Annotated[
        float, typer.Option(help="1: as in training; 2: beyond that, up to twice the range.")
    ] = 1.0,
    perturb_exactly: Annotated[
        bool, typer.Option("--perturb-exactly", help="Vary exactly to the scale, not up to it.")
    ] = False,
    gate: Annotated[
        bool,
        typer.Option(
            help="Follow proposals through the gate; --no-gate only with --via direct, for comparison."
        ),
    ] = True,
    fault: Annotated[
        str | None,
        typer.Option(
            help="Inject this fault in mid-motion of each episode, via ros, and report what the gate does."
        ),
    ] = None,
    cover: Annotated[
        list[str],
        typer.Option(help="Camera that is black from the first step on, with --via direct; may be repeated."),
    ] = [],  # noqa: B006
    workers: options.Workers = 1,
    engine: options.Engine = LOCAL,
    failures: Annotated[
        Path | None,
        typer.Option(help="Write a PNG of the episodes that missed the strictest threshold."),
    ] = None,
    json_file: options.Json = None,
    logs: options.Logs = None,
) -> None:
    """Measure how often, how fast and how surely the robot reaches its goals.

    Success is judged by the true distance at the end of an episode; the planner never learns it, and decides
    by itself that it has arrived. Intervals are Wilson's, at 95 %.

    Example: ami-ros evaluate --task reach --episodes 50 --json figures.json

    Through ROS 2: ami-ros evaluate --via ros --episodes 50 --seed 7001

    Another planner: ami-ros evaluate --planner cem --set num_samples=128 --no-baselines

    Faster, and what went wrong: ami-ros evaluate --task push --workers 2 --failures failures.png

    Another camera: ami-ros evaluate --perturb all --no-baselines

    What the gate costs: ami-ros evaluate --task push --workers 2 --no-baselines --no-gate

    A way around a wall, on maps that training never had: ami-ros evaluate --robot husky --task two_room
    --routes learned --map unseen

    Without one of two cameras: ami-ros evaluate --robot panda_wrist --cover camera

    Something breaks: ami-ros evaluate --via ros --fault camera_repeated --episodes 5

    A robot of another package, by an evaluation of its own: ami-ros evaluate --robot turbofan --task flight
    """
    given = dict(locals())
    import dataclasses

    from ami_ros.errors import ConfigError
    from ami_ros.evaluation.experiment import check_counts, prepare
    from ami_ros.evaluation.figures import comparison, figures, told_if_stopped, write_json
    from ami_ros.evaluation.offered import evaluation_of, others
    from ami_ros.evaluation.perturbed import EVERY, chosen, perturbation_table
    from ami_ros.memory.reader import copy_of
    from ami_ros.system.extras import require
    from ami_ros.system.terminal import Console
    from ami_ros.system.whole_file import check_writable

    if via not in VIA:
        raise ConfigError(f"got unknown way {via!r}, expected --via to be one of {', '.join(VIA)}")
    check_counts(episodes, seed, workers)
    if (own := evaluation_of(robot, task)) is not None:
        _refuse_others(str(robot), given)
        check_writable(json_file)
        own.evaluate(str(task), episodes, seed, model, json_file)
        return
    if via == "ros" and (workers > 1 or engine != LOCAL):
        raise ConfigError(f"got {workers} workers on {engine}, expected 1 on {LOCAL} with --via ros")
    try:
        experiment = prepare(
            robot,
            task,
            model,
            planner,
            episodes,
            seed,
            goal,
            chosen(perturb, perturb_scale, perturb_exactly),
            [*changes, *([f"route='{routes}'"] if routes else [])],
            map_,
        )
    except ConfigError as error:
        if more_robots := others(robot):
            raise ConfigError(f"{error}{more_robots}") from error
        raise
    if not gate and (via == "ros" or fault is not None):
        raise ConfigError("--no-gate: expected --via direct and no --fault; no robot moves without its gate")
    known = [camera.name for camera in experiment.spec.images]
    if unknown := [name for name in cover if name not in known]:
        raise ConfigError(f"--cover: got {unknown}, expected some of {known}")
    if cover and via == "ros":
        raise ConfigError("--cover: expected --via direct; via ros: --fault camera_black@CAMERA")
    if memory != "off" and (workers > 1 or engine != LOCAL):
        got = f"{workers} workers on {engine}"
        raise ConfigError(
            f"--memory {memory}: got {got}, expected 1 on {LOCAL}: several would share the file"
        )
    experiment = dataclasses.replace(experiment, gated=gate, covered=tuple(cover))
    if fault is not None:
        given = {"--memory": memory != "off", "--failures": failures, "--perturb all": perturb == EVERY}
        if ignored := [name for name, value in given.items() if value]:
            raise ConfigError(
                f"--fault: got {' and '.join(ignored)} as well, expected --fault without them: see --help"
            )
        _with_fault(experiment, fault, via, json_file, logs)
        return
    require("sim", *(["ros"] if via == "ros" else []), *(["train"] if failures else []))
    if failures is not None and experiment.goal != "image" and not experiment.by_joints:
        raise ConfigError(f"--failures: got a goal by {experiment.goal}, expected one by image")
    check_writable(json_file, failures)
    results: list[EpisodeResult] = []
    with tempfile.TemporaryDirectory(prefix="ami_ros_") as kept, told_if_stopped(experiment, via, results):
        file = None if memory == "off" else Path(kept, "memory.sqlite")
        before = None if memory in SWITCH else Path(memory)
        if file is not None and before is not None:
            copy_of(before, file)
        experiment = dataclasses.replace(experiment, memory=file, memory_before=before)
        make = partial(_runner, experiment, workers, engine)
        compared, more = _measure(experiment, via, baselines, logs, perturb == EVERY, make, results)
    looks = {"perturb": perturb, "perturb_scale": perturb_scale, "perturb_exactly": perturb_exactly}
    more |= {**looks, "gated": gate, "covered": cover, "routes": experiment.planner.route}
    more |= {"map": map_, "memory": memory}
    values = figures(experiment, via, results, compared, **more)
    yardstick = results[0].yardstick
    told = []
    try:
        write_json(json_file, values)
        if failures is not None:
            told.append(_show_failures(results, failures))
    finally:
        console = Console()
        console.print(comparison(f"{experiment.planner.solver} ({via})", values, compared, yardstick))
        if "perturbations" in more:
            varied = more["perturbations"]
            console.print(perturbation_table(values, varied, perturb_scale, perturb_exactly, yardstick))
        for line in told:
            say(line)


def _refuse_others(robot: str, given: Mapping[str, Any]) -> None:
    """Raise ConfigError: options were given that the evaluation of a package knows nothing of."""
    from ami_ros.errors import ConfigError

    usual = inspect.signature(evaluate).parameters
    ignored = [name for name, value in given.items() if name not in OFFERED and value != usual[name].default]
    if ignored:
        spelt = [
            SPELT.get(name, f"--{'no-' if given[name] is False else ''}{name.replace('_', '-')}")
            for name in ignored
        ]
        raise ConfigError(
            f"robot {robot}: got {' and '.join(spelt)}, expected only --task, --model, --episodes, --seed "
            "and --json: its evaluation is its own"
        )


def _with_fault(
    experiment: Experiment, fault: str, via: str, json_file: Path | None, logs: Path | None
) -> None:
    """Measure the gate instead of success: a fault shall end the motion."""
    from ami_ros.cli.benches.faults import measure_faults
    from ami_ros.errors import ConfigError

    if via != "ros":
        raise ConfigError(f"--fault: got --via {via}, expected --via ros: faults break processes and topics")
    measure_faults(experiment, [fault], True, json_file, logs)


def _measure(
    experiment: Experiment,
    via: str,
    baselines: bool,
    logs: Path | None,
    perturb_all: bool,
    make: Callable[[], Runner],
    results: list[EpisodeResult],
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Add the planner's results to `results`; return what baselines did, and other figures."""
    from ami_ros.cli.progress import progress_bar
    from ami_ros.evaluation.baselines import baseline_names, run_baselines
    from ami_ros.evaluation.perturbed import run_perturbations
    from ami_ros.sim.camera.variation import NAMES

    count = len(experiment.seeds)
    runner: Runner | None = None
    more: dict[str, Any] = {}
    if via == "ros" and logs is None:
        logs = Path(tempfile.mkdtemp(prefix="ami_ros_"))  # kept: an error names the log in it
    more_runs = (len(baseline_names(experiment)) if baselines else 0) + (len(NAMES) if perturb_all else 0)
    total = count * (1 + more_runs)
    with progress_bar("evaluate", total) as bar:
        if via == "ros" and logs is not None:
            more["faults"], more["gate"] = _through_ros(experiment, logs, results, bar)
            runner = _runner(experiment) if baselines else None
        else:
            runner = make()
            for result in runner.episodes():
                results.append(result)
                bar.update(1, _note(result))
        if perturb_all:
            more["perturbations"] = run_perturbations(
                experiment, runner, logs if via == "ros" else None, lambda name: bar.update(1, name)
            )
        compared = {}
        if baselines and runner is not None:
            compared = run_baselines(experiment, runner, lambda name: bar.update(1, f"baseline {name}"))
    if runner is not None:
        runner.close()
    return compared, more


def _runner(experiment: Experiment, workers: int = 1, engine: str = LOCAL) -> Runner:
    from ami_ros.evaluation.direct_episodes import DirectRunner
    from ami_ros.evaluation.spread_episodes import SpreadRunner

    if workers == 1 and engine == LOCAL:
        return DirectRunner(experiment)
    return SpreadRunner(experiment, workers, engine)


def _through_ros(
    experiment: Experiment, logs: Path, results: list[EpisodeResult], bar: Any
) -> tuple[dict[str, int], dict[str, Any]]:
    from ami_ros.evaluation.ros_episodes import RosRunner
    from ami_ros.report.gate_statistics import gate_figures

    bar.update(0, "starting simulator, gate and planner")
    with RosRunner(experiment, logs, real_time=False) as runner:
        for result in runner.episodes():
            results.append(result)
            bar.update(1, _note(result))
        return runner.faults, gate_figures(runner.gate)


def _show_failures(results: list[EpisodeResult], path: Path) -> str:
    """Draw the episodes that missed, and return how many did, in words."""
    from ami_ros.report.failures import failure_sheet
    from ami_ros.report.failures import failures as failed
    from ami_ros.report.pictures import png
    from ami_ros.system.whole_file import write_whole

    if missed := failed(results):
        write_whole(path, png(failure_sheet(missed)))
    elif path.is_file():
        path.unlink()  # no picture of failures that are no longer there
    near = results[0].yardstick.strictest.text
    return f"{len(missed)} of {len(results)} episodes missed {near}{f': {path}' if missed else ''}"


def _note(result: EpisodeResult) -> str:
    return f"seed {result.seed}: {result.yardstick.text(float(result.error[-1]))}"
