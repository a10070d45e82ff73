# SPDX-License-Identifier: Apache-2.0
"""Hindsight: on held-out recordings, does a plan toward a later picture lead where the robot really went?

It needs no simulator and no truth but the recording itself, so it can judge a model of any body.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, read_episode
from ami_ros.memory.goal_by_name import goal_of
from ami_ros.memory.moment import Moment
from ami_ros.model.measured import IN_HINDSIGHT
from ami_ros.model.runtime import load_model
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.protocols import Planner
from ami_ros.planning.where_plans_lead import Led, proposed, where_plans_lead
from ami_ros.types import FloatArray

AHEAD_S = (0.5, 1.0, 1.5)
MOVED = 0.25  # of the usual way (RMS): a shorter one has no direction to compare
NOTHING = 1e-12
UNHURRIED_S = 60.0  # deadline of a plan: figures must not depend on the machine


def plans_of_hindsight(moments: int) -> int:
    """Return the largest number of plans that `hindsight` makes."""
    return 2 * moments * len(AHEAD_S)


class _Way(NamedTuple):
    """Where the channels (C,) went from a moment on."""

    done: FloatArray
    planned: FloatArray
    elsewhere: FloatArray  # planned toward the picture of another moment


def hindsight_of(
    model: Path,
    configuration: Configuration,
    episodes: Sequence[Path],
    moments: int,
    seed: int,
    on_plan: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Load a model and held-out episodes, and return `hindsight` of plans that no deadline cuts short.

    Episodes whose pictures were recoloured are left out where others are.

    Raises:
        AmiError: the model or an episode is not readable, or does not fit the robot.
    """
    spec = configuration.spec
    settings = replace(configuration.planner, deadline_s=UNHURRIED_S)
    runtime = load_model(model, spec, task=configuration.task_name)
    planner = RecedingHorizonPlanner(runtime, spec, settings, time.monotonic_ns)
    read = [read_episode(path) for path in episodes]
    plain = [episode for episode in read if episode.look == PLAIN_LOOK]
    led = where_plans_lead(runtime.contract, spec)
    return hindsight(planner, spec, plain or read, moments, seed, on_plan, led)


def hindsight(
    planner: Planner,
    spec: RobotSpec,
    episodes: Sequence[EpisodeRecord],
    moments: int,
    seed: int,
    on_plan: Callable[[], object] = lambda: None,
    led: Led | None = None,
) -> dict[str, Any]:
    """Plan toward pictures that were seen a moment later, and compare with what was done until then.

    Channels of one unit share one scale: the RMS of the way that they went. The ways of different units count
    alike.

    Args:
        planner: plans with the model under judgement; its goal is left changed.
        spec: the robot.
        episodes: held out from training, at the model's image size.
        moments: number of moments to plan from, spread evenly over all episodes.
        seed: of the choice of other moments, for chance.
        on_plan: called after each plan, `plans_of_hindsight` times at most.
        led: where plans lead; by default by the meaning of their actions.

    Returns:
        For each of `ahead_s`: `cosine` of planned and done way; `chance`, the same with what was done from
        other moments on; `elsewhere`, the same of a plan toward a picture of another moment;
        `planned_error` and `still_error`, the median over the moments of the worst channel's distance to
        where it was in the end, for the plan and for standing still, in RMS ways; and `moments`, how many
        moved far enough to be compared. An ahead without any is left out.
    """
    figures: dict[str, list[float]] = {name: [] for name in IN_HINDSIGHT}
    for ahead_s in AHEAD_S:
        steps = max(1, round(ahead_s * spec.actions.rate_hz))
        ways = _ways(planner, spec, episodes, steps, moments, seed, on_plan, led or proposed(spec))
        if not ways:
            continue
        done, planned, elsewhere = (np.stack(kind) for kind in zip(*ways, strict=True))
        scale = _scale(done, spec)
        done, planned, elsewhere = done / scale, planned / scale, elsewhere / scale
        lengths = np.linalg.norm(done, axis=1)
        moved = lengths > MOVED * np.sqrt(np.mean(lengths**2))
        if not moved.any():
            continue
        figures["ahead_s"].append(ahead_s)
        cosines = _cosines(planned[moved], done[moved])
        own = np.eye(len(cosines), dtype=bool)
        figures["cosine"].append(float(cosines[own].mean()))
        figures["chance"].append(float(cosines[~own].mean()) if len(own) > 1 else 0.0)
        figures["elsewhere"].append(float(_cosines(elsewhere[moved], done[moved])[own].mean()))
        figures["planned_error"].append(float(np.median(np.abs(planned - done)[moved].max(axis=1))))
        figures["still_error"].append(float(np.median(np.abs(done)[moved].max(axis=1))))
        figures["moments"].append(int(moved.sum()))
    return figures


def _ways(
    planner: Planner,
    spec: RobotSpec,
    episodes: Sequence[EpisodeRecord],
    steps: int,
    moments: int,
    seed: int,
    on_plan: Callable[[], object],
    led: Led,
) -> list[_Way]:
    places = [
        (episode, start)
        for episode in episodes
        for start in range(0, len(episode.actions) + 1 - steps, spec.action_block)
    ]
    spread = np.unique(np.linspace(0, len(places) - 1, moments).round().astype(int)) if places else ()
    chosen = [places[index] for index in spread]
    others = np.random.default_rng(seed).permutation(len(places)) if places else np.empty(0, int)
    meaning, found = meaning_of(spec), []
    for number, (episode, start) in enumerate(chosen):
        now, later = (_moment(episode, place, spec) for place in (start, start + steps))
        other, elsewhere = places[others[number % len(others)]]
        meaning.forget()
        began, ends = meaning.start(now.observation()), []
        for goal in (later, _moment(other, elsewhere + steps, spec)):
            planner.restart()
            planner.set_goal(goal_of(goal, "hindsight", spec))
            ends.append(led(planner.plan(now.observation()), steps, now.observation()) - began)
            on_plan()
        meaning.note(episode.actions[None, start : start + steps].astype(np.float64), now.observation())
        found.append(_Way(meaning.start(later.observation()) - began, *ends))
    return found


def _moment(episode: EpisodeRecord, place: int, spec: RobotSpec) -> Moment:
    return Moment(
        stamp_ns=(place + 1) * spec.step_ns,
        images={camera: pictures[place] for camera, pictures in episode.images.items()},
        vectors={sensor: rows[place] for sensor, rows in episode.vectors.items()},
    )


def _scale(done: FloatArray, spec: RobotSpec) -> FloatArray:
    """Return the RMS way (C,) of the channels that share a unit."""
    units = np.array([unit for part in spec.parts for unit in _units(part)])
    scale = np.ones(len(units))
    for unit in set(units):
        scale[units == unit] = np.sqrt(np.mean(done[:, units == unit] ** 2)) + NOTHING
    return scale


def _units(part: RobotSpec) -> list[str]:
    """Return the units of the commanded channels of a group, if its actions name the same channels."""
    channels = part.actions.channels
    named = [channel.name for channel in channels] == list(part.command_names)
    return [channel.unit for channel in channels] if named else [""] * len(part.command_names)


def _cosines(ways: FloatArray, others: FloatArray) -> FloatArray:
    """Return the cosine of each way (N, C) with each other one (N, C), as (N, N); 0 for no way at all."""
    first, second = (
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), NOTHING) for rows in (ways, others)
    )
    cosines: FloatArray = first @ second.T
    return cosines
