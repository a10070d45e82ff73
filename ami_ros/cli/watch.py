# SPDX-License-Identifier: Apache-2.0
"""`ami-ros watch`: see a robot think, live, in a recording or in the demo."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ami_ros.cli import options
from ami_ros.system.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ami_ros.configuration import Configuration
    from ami_ros.ros.clients.watched_topics import WatchedTopics
    from ami_ros.watching.screen import Screen
    from ami_ros.watching.watcher import Watcher

AHEAD_S = 1.0


def watch(
    recording: Annotated[
        Path | None,
        typer.Argument(
            help="A rosbag2 folder or file, or episodes of ami-ros import [the robot that runs now]."
        ),
    ] = None,
    robot: options.Robot = None,
    task: options.Task = None,
    model: options.Model = None,
    ahead_s: Annotated[
        float, typer.Option("--ahead", help="Of episodes: seconds from a picture to its goal.", min=0.1)
    ] = AHEAD_S,
    save: Annotated[Path | None, typer.Option(help="Write a file for the viewer (rerun FILE).")] = None,
    serve: Annotated[
        int | None, typer.Option(help="Open no window: serve a page on this port of this machine.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Watch the demo, which runs in real time.")] = False,
    goals: Annotated[int, typer.Option(help="Goals of the demo.")] = 3,
    seed: options.Seed = 1,
) -> None:
    """Show what a robot sees, wants, expects and turns down, and what the gate decides, on one line of time.

    It only listens. The planner computes the paths that it turned down and the pictures that it expects in a
    thread of its own, and only while somebody watches. What comes too fast is dropped, and counted.
    Nothing leaves this machine, and the viewer sends no statistics.

    Example: ami-ros watch --robot panda --task reach

    Yesterday: ami-ros watch recordings/monday --robot panda --task reach

    What a model thinks of recorded episodes: ami-ros watch data/panda_reach --robot panda --task reach

    No robot yet: ami-ros watch --demo

    On a machine without a screen: ami-ros watch --demo --save demo.rrd, or --serve 9090
    """
    from ami_ros.configuration import Configuration
    from ami_ros.episodes.episode import EPISODE_FILES
    from ami_ros.errors import ConfigError
    from ami_ros.system.extras import require
    from ami_ros.system.whole_file import check_writable

    if recording is not None and demo:
        raise ConfigError(f"got {recording} and --demo, expected one of them")
    if save is not None and serve is not None:
        raise ConfigError(f"got --save {save} and --serve {serve}, expected one of them")
    configuration = Configuration.load(robot, task)
    rehearsed = recording is not None and any(recording.glob(EPISODE_FILES))
    needed = "train" if rehearsed else "ros" if recording is None else "record"
    require("watch", needed, *(("sim",) if demo else ()))
    check_writable(save)
    from ami_ros.node_settings import NodeSettings
    from ami_ros.settings.fields import load_settings
    from ami_ros.settings.share import config_path
    from ami_ros.watching.screen import Screen
    from ami_ros.watching.watcher import Watcher

    most_pixels = load_settings(NodeSettings, config_path("node.yaml")).max_image_pixels
    cameras = [image.name for image in configuration.spec.images]
    channels, length = _first_episode(configuration, recording) if rehearsed and recording else ((), 0)
    screen = Screen(cameras, recording is None and save is None, channels)
    watcher = Watcher(configuration.spec, screen, most_pixels)
    with ExitStack() as ended:
        linger = _open(screen, save, serve, ended)
        if recording is not None and rehearsed:
            steps = _rehearsed(configuration, recording, model, ahead_s, screen, channels, length)
            say(f"showed {steps} steps" + (f": rerun {save}" if save else ""))
            linger()
            return
        if recording is not None:
            _recorded(configuration, recording, watcher)
        elif demo:
            _demo(configuration, goals, seed, watcher)
        else:
            _live(configuration, watcher)
        if watcher.refused:
            say(f"left out {watcher.refused} messages, the last one because {watcher.problem}", err=True)
        say(f"showed {watcher.shown} messages" + (f": rerun {save}" if save else ""))
        if recording is not None or demo:
            linger()


def _open(screen: Screen, save: Path | None, serve: int | None, ended: ExitStack) -> Callable[[], object]:
    """Open what shows the screen, and return how to wait for those who look."""
    if save is not None:
        screen.save(save)
        ended.callback(screen.close)
        return lambda: None
    from ami_ros.watching.viewer import page, start_viewer

    viewer, address = start_viewer(serve)
    ended.callback(viewer.terminate)
    screen.connect(address)
    ended.callback(screen.close)
    if serve is not None:
        say(f"watch at {page(address, serve)}; Ctrl-C ends it")
    return viewer.wait


def _recorded(configuration: Configuration, recording: Path, watcher: Watcher) -> None:
    from ami_ros.cli.progress import progress_bar
    from ami_ros.watching.recorded import RecordedTopics

    topics = RecordedTopics(configuration.spec, recording)
    with progress_bar("watch", topics.messages) as bar:
        topics.show(watcher, bar.update)
    for problem in topics.problems:
        say(problem, typer.colors.RED, err=True)


def _first_episode(configuration: Configuration, folder: Path) -> tuple[Sequence[str], int]:
    """Return the channels that move furthest in the first episode, and its steps: all are equally long."""
    from ami_ros.episodes.episode import list_episodes, read_episode
    from ami_ros.episodes.recorded_body import check_same_body, recorded_body
    from ami_ros.watching.rehearsal import moving_channels

    path, spec = list_episodes(folder)[0], configuration.spec
    episode = read_episode(path)
    check_same_body(path, episode.body, recorded_body(spec), of=spec.name)
    return moving_channels(spec, episode), len(episode.actions)


def _rehearsed(
    configuration: Configuration,
    folder: Path,
    model: Path | None,
    ahead_s: float,
    screen: Screen,
    channels: Sequence[str],
    length: int,
) -> int:
    import time

    from ami_ros.cli.progress import progress_bar
    from ami_ros.episodes.episode import list_episodes, read_episode
    from ami_ros.model.imagination import load_imagination
    from ami_ros.model.runtime import load_model
    from ami_ros.planning.planner import RecedingHorizonPlanner
    from ami_ros.watching.rehearsal import Rehearsal

    spec, path = configuration.spec, configuration.model_path(model)
    runtime = load_model(path, spec, task=configuration.task_name)
    planner = RecedingHorizonPlanner(runtime, spec, configuration.planner, time.monotonic_ns)
    doubtful = configuration.safety.checks["doubt"].disagreement_limit
    ahead = max(1, round(ahead_s * spec.actions.rate_hz))
    imagination = load_imagination(path, runtime.sha256)
    paths = list_episodes(folder)
    with progress_bar("watch", len(paths) * length) as bar:
        rehearsal = Rehearsal(planner, spec, screen, imagination, doubtful, ahead, channels)
        return rehearsal.show(map(read_episode, paths), lambda: bar.update(1))


def _live(configuration: Configuration, watcher: Watcher) -> None:
    from ami_ros.system.stop_request import StopRequest

    topics = _listening(configuration, watcher)
    say("watching; Ctrl-C ends it", err=True)
    with StopRequest() as stop:
        try:
            topics.show(lambda: stop.signal is not None)
        finally:
            topics.close()
            _tell_dropped(topics.dropped)
        stop.signal = None  # an end that was asked for is a good one


def _demo(configuration: Configuration, goals: int, seed: int, watcher: Watcher) -> None:
    """Run the demo's nodes, and watch from a thread of its own."""
    import tempfile
    import threading

    from ami_ros.evaluation.experiment import prepare
    from ami_ros.evaluation.ros_episodes import RosRunner

    experiment = prepare(configuration.spec.name, configuration.task_name, None, None, goals, seed, "image")
    logs = Path(tempfile.mkdtemp(prefix="ami_ros_"))  # kept: an error names the log in it
    with RosRunner(experiment, logs, real_time=True) as runner:
        topics, ended = _listening(configuration, watcher), threading.Event()
        thread = threading.Thread(target=topics.show, args=(ended.is_set,), name="watch")
        thread.start()
        try:
            for result in runner.episodes():
                end = (
                    "not reached" if result.arrived_step is None else f"arrived at step {result.arrived_step}"
                )
                say(f"goal {result.seed}: {end}")
        finally:
            ended.set()
            thread.join()
            topics.close()
            _tell_dropped(topics.dropped)


def _listening(configuration: Configuration, watcher: Watcher) -> WatchedTopics:
    import os
    import sys

    from ami_ros.launching.environment import dds_environment
    from ami_ros.settings.share import config_path
    from ami_ros.system.processes import command_line

    # Before anything of ROS is there: large images arrive.
    os.environ.update(dds_environment(config_path("dds", "large_data_shm.xml"), os.environ))
    from ami_ros.ros.clients.watched_topics import WatchedTopics

    return WatchedTopics(configuration.spec, watcher, command_line(sys.argv)[1])


def _tell_dropped(dropped: dict[str, int]) -> None:
    if dropped:
        lost = ", ".join(f"{count} of {topic}" for topic, count in dropped.items())
        say(f"too much to show, dropped {lost}", err=True)
