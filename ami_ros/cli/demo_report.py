# SPDX-License-Identifier: Apache-2.0
"""The demo's files: results.json, video.mp4 and report.html."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ami_ros.cli.progress import progress_bar
from ami_ros.evaluation.baselines import baseline_names, run_baselines
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import Experiment
from ami_ros.evaluation.figures import figures, step_s, write_json
from ami_ros.report.html import ReportData, render_html
from ami_ros.report.machine import hardware, versions
from ami_ros.report.plant_trends import plant_trends
from ami_ros.report.trends import draw_trends
from ami_ros.report.video import MAIN_SIZE, Moment, Render, frame_count, write_video
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.world import World
from ami_ros.system.whole_file import write_whole
from ami_ros.types import ImageArray

FIGURES, VIDEO, PAGE = FILES = ("results.json", "video.mp4", "report.html")


def write_report(
    experiment: Experiment,
    results: Sequence[EpisodeResult],
    faults: Mapping[str, int],
    out: Path,
    command: str,
    baselines: bool,
    video: bool,
) -> int:
    """Write FILES into `out` and return how many goals were reached. Raises OutputError: they cannot be."""
    compared = _baselines(experiment) if baselines else {}
    values = figures(experiment, "ros", results, compared, faults=dict(faults), command=command)
    write_json(out / FIGURES, values)
    movie = out / VIDEO if video and experiment.spec.images else None
    if movie is not None:
        _video(experiment, results, movie)
    what = f"{experiment.spec.name.capitalize()} {experiment.configuration.task_name}"
    page = render_html(
        ReportData(
            title=f"{what}: {len(results)} goals through ROS 2",
            command=command,
            results=results,
            summary=values,
            baselines=compared,
            setup=_setup(experiment, faults),
            hardware=hardware(),
            versions=versions(),
            step_s=step_s(experiment),
            video=movie,
            goal=experiment.goal,
            trends=_trends(experiment, results),
            no_video="" if experiment.spec.images else "this body has no camera",
        )
    )
    write_whole(out / PAGE, page)
    reached = results[0].yardstick.loosest.figure("reached")
    return sum(episode[reached] for episode in values["per_episode"])


def _trends(experiment: Experiment, results: Sequence[EpisodeResult]) -> list[bytes]:
    """Return pictures of the trends in each episode; none for bodies that are no plants."""
    spec, task = experiment.spec, load_task(experiment.task, experiment.spec)
    if set(spec.meanings) != {"setpoint"} or any(not result.commanded.size for result in results):
        return []
    return [
        draw_trends(
            plant_trends(spec, result, task.goal_sensor, task.episode(result.seed).goal_position),
            result.verdicts,
        )
        for result in results
    ]


def _baselines(experiment: Experiment) -> dict[str, dict[str, Any]]:
    runner = DirectRunner(experiment)
    with progress_bar("baselines", len(baseline_names(experiment)) * len(experiment.seeds)) as bar:
        compared = run_baselines(experiment, runner, lambda name: bar.update(1, name))
    runner.close()
    return compared


def _video(experiment: Experiment, results: Sequence[EpisodeResult], path: Path) -> None:
    task = load_task(experiment.task, experiment.spec)
    physics_hz = experiment.configuration.sim.physics_hz
    detailed = open_world(experiment.spec, physics_hz, detailed=True)
    plain = open_world(experiment.spec, physics_hz)
    for scene in (detailed, plain):
        task.furnish(scene)
    with tempfile.TemporaryDirectory() as folder:  # FFmpeg reads again what it has written: it needs a file
        file, step = Path(folder) / VIDEO, step_s(experiment)
        frames = write_video(file, results, _renderer(detailed, MAIN_SIZE), _renderer(plain), step)
        with progress_bar("video", frame_count(results, step)) as bar:
            for _ in frames:
                bar.update()
        write_whole(path, file.read_bytes())
    detailed.close()
    plain.close()


def _renderer(scene: World, size: tuple[int, int] | None = None) -> Render:
    def render(moment: Moment) -> ImageArray:
        scene.show(moment)
        return scene.image(*(size or ()))

    return render


def _setup(experiment: Experiment, faults: Mapping[str, int]) -> dict[str, Any]:
    return {
        "robot": experiment.spec.name,
        "task": experiment.task,
        "goal": experiment.goal,
        "planner": experiment.planner.solver,
        "processes": "simulator, planner and safety gate, over DDS",
        "control": f"{experiment.spec.actions.rate_hz:g} Hz",
        "seeds": f"{experiment.seeds[0]} to {experiment.seeds[-1]}",
        "model": str(Path(*experiment.model.parts[-2:])),
        "model SHA-256": experiment.sha256,
        "model code": experiment.contract.code_version,
        **{name.replace("_", " "): count for name, count in faults.items()},
    }
