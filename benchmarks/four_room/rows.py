# SPDX-License-Identifier: Apache-2.0
"""Rows of the table: each planner on the fixed tasks, with the floating-point operations of its plans."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from ami_ros.configuration import Configuration
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.episode import list_episodes
from ami_ros.memory.known_moments import KnownMoments
from ami_ros.model.runtime import ModelRuntime, load_model
from ami_ros.planning.routes.settings import GRAPH, LEARNED, OFF
from ami_ros.system.whole_file import write_whole
from benchmarks.arithmetic import counted
from benchmarks.four_room.episodes import BASELINES, Player, play
from benchmarks.four_room.planning import PlannerPlayer
from benchmarks.four_room.tasks import fixed_tasks
from benchmarks.recordings_as_memory import pictured_moments


class Rows:
    """Plays all rows of one model; finished results are read from a file.

    Args:
        configuration: of config/four_room.
        model: path of the model.
        data: folder of the recordings for its training.
        file: for the results, task by task.
        tasks: how many of the fixed tasks.

    Attributes:
        results: row -> one mapping per task: reached, steps, away, flop.
    """

    def __init__(self, configuration: Configuration, model: Path, data: Path, file: Path, tasks: int) -> None:
        self._configuration, self._path, self._data, self._file = configuration, model, data, file
        self._tasks = fixed_tasks()[:tasks]
        self.results: dict[str, list[dict[str, Any]]] = json.loads(file.read_text()) if file.is_file() else {}

    @cached_property
    def _model(self) -> ModelRuntime:
        spec, name = self._configuration.spec, self._configuration.task_name
        return load_model(self._path, spec, task=name)

    @cached_property
    def _recorded(self) -> KnownMoments:
        episodes = EpisodeSet(list_episodes(self._data))
        how = self._configuration.planner.routes[GRAPH]
        return pictured_moments(episodes, self._model, self._configuration.spec, how)

    def _players(self) -> dict[str, Callable[[], Player]]:
        def ours(recalls: bool = False, **changes: Any) -> Callable[[], Player]:
            settings = dataclasses.replace(self._configuration.planner, **changes)
            spec = self._configuration.spec
            return lambda: PlannerPlayer(self._model, spec, settings, self._recorded if recalls else None)

        return {
            "routes, imagined": ours(route=LEARNED),
            "flat": ours(route=OFF, distance="l2"),  # in latent space: the distance of the published planner
            "flat, our distance": ours(route=OFF),
            "routes, remembered": ours(True, route=GRAPH),
            "retrieval only": ours(True, route=OFF, solver="retrieval"),
            **BASELINES,
        }

    @property
    def missing(self) -> int:
        """Number of episodes left to play."""
        return sum(len(self._tasks) - len(self.results.get(name, [])) for name in self._players())

    def play(self) -> Iterator[str]:
        """Play what is missing; yield the row's name after each episode."""
        torch.set_num_threads(self._configuration.planner.threads)
        for name, make in self._players().items():
            done = self.results.setdefault(name, [])
            if len(done) == len(self._tasks):
                continue  # making a player is slow
            player = make()
            for task in self._tasks[len(done) :]:
                result, flop = counted(partial(play, player, task))
                done.append({**dataclasses.asdict(result), "flop": flop})
                write_whole(self._file, json.dumps(self.results))
                yield name


def summarised(found: Sequence[dict[str, list[dict[str, Any]]]]) -> dict[str, dict[str, Any]]:
    """Return the mean of each row over the training seeds, and each seed's success."""
    rows = {}
    for name in found[0]:
        each = [sum(one["reached"] for one in results[name]) / len(results[name]) for results in found]
        flops = [one["flop"] for results in found for one in results[name]]
        rows[name] = {
            "success": sum(each) / len(each),
            "seeds": each,
            "tflop_per_episode": sum(flops) / len(flops) / 1e12 if any(flops) else None,
        }
    return rows
