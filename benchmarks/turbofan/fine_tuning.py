# SPDX-License-Identifier: Apache-2.0
"""An engine that has worn since its logs were flown, and models fine-tuned on one flight of it each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.cli.train import train
from ami_ros.episodes.episode import EpisodeRecord, episode_path, write_episode
from benchmarks.turbofan.bars import Bars
from benchmarks.turbofan.gated import Ours
from benchmarks.turbofan.limits import STEPS
from benchmarks.turbofan.model import ROBOT, TASK, model_in
from benchmarks.turbofan.profiles import KINDS
from benchmarks.turbofan.recording import Logs, record_of
from benchmarks.turbofan.rows import LOST, Outcome, flown
from benchmarks.turbofan.world import World

COPIES, EPISODES = 2, 26  # of the flight, and of all that is learned from; the others are logged flights
Flights = list[tuple[Outcome, float]]  # each with its mean surprise


def fine_tuned(model: Path, flight: EpisodeRecord | None, logs: Logs, spec: RobotSpec, folder: Path) -> Path:
    """Continue a model's training on one flight, as `ami-ros train --from` does; return the new model.

    A flight alone would let the model forget all others, so some of its logs are learned from again.

    Args:
        model: to start from.
        flight: None learns from as many episodes, logged ones alone.
        logs: that the model learned from.
        spec: the robot.
        folder: of the flight and the new model; what an earlier run left in it goes.
    """
    shutil.rmtree(folder, ignore_errors=True)
    data, flights = folder / "episodes", [] if flight is None else [flight] * COPIES
    data.mkdir(parents=True)
    rest = EPISODES - len(flights)
    again = [  # as long as the flight, of which nobody measured what came after the last command
        record_of(seen[:STEPS], wanted[: STEPS - 1], spec)
        for seen, wanted in zip(logs.seen[:rest], logs.wanted[:rest], strict=True)
    ]
    for number, record in enumerate([*flights, *again]):  # training holds out the last ones
        write_episode(episode_path(data, number), record)
    train(data=data, out=model_in(folder), robot=str(ROBOT), task=str(TASK), start=model)
    return model_in(folder)


def worn_rows(
    world: World,
    ours_with: Callable[[Path], Ours],
    model: Path,
    logs: Logs,
    spec: RobotSpec,
    seeds: Sequence[int],
    again: Sequence[int],
    folder: Path,
    bars: Bars,
) -> dict[str, dict[str, Any]]:
    """Return a row each for the engine as it was, worn, and worn with models fine-tuned on a flight each.

    One more model is trained as long on logs alone: what of the gain is the flight's, and what is training's?

    Args:
        world: the engine.
        ours_with: makes our planner with a model.
        model: of the engine as it was.
        logs: that it learned from.
        spec: the robot.
        seeds: profiles that the worn engine flies with `model`; each is learned from alone.
        again: profiles of the rows, other ones: one of each kind.
        folder: of these flights and models.
        bars: shows progress.
    """
    before = ours_with(model)
    new = _flights(world, before, again, 0.0, bars("as logged", len(again)))
    worn = _flights(world, before, again, LOST, bars("worn", len(again)))
    rows = {"as logged": _row(new), "worn": _row(worn)}
    known, strange = Flights(), Flights()
    for seed in seeds:
        flown(world, before, seed, LOST, step=0)
        flight = record_of(np.array(before.seen), np.array(before.sent[:-1]), spec)
        tuned = ours_with(fine_tuned(model, flight, logs, spec, folder / str(seed)))
        found = _flights(world, tuned, again, LOST, bars(f"worn, fine-tuned on {seed}", len(again)))
        for other, again_flown in zip(again, found, strict=True):
            (known if (other - seed) % len(KINDS) == 0 else strange).append(again_flown)
    if seeds:
        longer = ours_with(fine_tuned(model, None, logs, spec, folder / "logs"))
        on_profile = bars("worn, trained on logs", len(again))
        rows["worn, trained on logs"] = _row(_flights(world, longer, again, LOST, on_profile))
        rows["worn, fine-tuned"] = _row(known + strange)
        # Some kinds are harder than others: both rows have each kind as often.
        again_of = {other % len(KINDS): flight for other, flight in zip(again, worn, strict=True)}
        rows["worn, kinds tuned on"] = _row([again_of[seed % len(KINDS)] for seed in seeds])
        rows["worn, fine-tuned on the same kind"] = _row(known)
    return rows


def _flights(
    world: World, ours: Ours, seeds: Sequence[int], lost: float, on_profile: Callable[[int], None]
) -> Flights:
    found = []
    for seed in seeds:
        found.append((flown(world, ours, seed, lost, step=0), float(np.mean(ours.surprises))))
        on_profile(1)
    return found


def _row(flights: Flights) -> dict[str, Any]:
    errors = np.concatenate([np.abs(one.error) for one, _ in flights])
    moving = np.concatenate([one.moving for one, _ in flights])
    return {
        "profiles": len(flights),
        "thrust_error_steady": float(errors[~moving].mean()),
        "thrust_error_transient": float(errors[moving].mean()),
        "limit_violations": sum(one.steps_beyond for one, _ in flights),
        "burnt": float(np.mean([one.burnt for one, _ in flights])),
        "surprise": float(np.mean([surprise for _, surprise in flights])),
    }
